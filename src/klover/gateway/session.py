"""One client from its startup message to its last byte.

Who it is and whether it is let in is ``entrance``'s work; then a leased role, a fresh backend
session, and the relay, until the client leaves or what let it in ends. A role is given back only
once the server has closed its session.
"""

import asyncio
import contextlib
import secrets

from klover.errors import KloverError, StoreError
from klover.event import Cancellation, SessionOpened
from klover.gateway.backend import BackendSession, RoleTakenError, cancel, open_session
from klover.gateway.deadline import Deadline
from klover.gateway.door import SuspendedError
from klover.gateway.entrance import Admitted, Entrance
from klover.gateway.house import Arrival, House
from klover.gateway.peer import Peer
from klover.gateway.record import SessionRecord, denial
from klover.gateway.relay import Ending, Relay
from klover.policy.decide import Ends
from klover.wire import frontend
from klover.wire.backend import AUTHENTICATION_OK, ParameterStatus, ReadyForQuery, error

_CANCEL_AGAIN_SECONDS = 1.0
_SALT_BYTES = 16
EXPIRED = Ending(
    reason="permit expired",
    sqlstate="57P01",
    sentence="The permit or the token has expired; log in and connect again.",
)
HOURS_OVER = Ending(
    reason="hours over",
    sqlstate="57P01",
    sentence="The hours of this audience are over; connect again when they begin.",
)


class FullError(StoreError):
    """Every session role of a door is taken."""

    sqlstate = "53300"


class Session:
    """Lets one client in and serves it to its end."""

    def __init__(self, house: House, client: Peer, arrival: Arrival) -> None:
        self._house = house
        self._client = client
        self.name = secrets.token_hex(8)
        self._entrance = Entrance(house, client, arrival, self.name)
        self.audience: str | None = None
        """Whose door it stands at, once it is let in."""
        self._relay: Relay | None = None
        self._over: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    def end(self, ending: Ending) -> None:
        """End the session from outside; safe at any time."""
        if self._relay is not None:
            self._relay.end(ending)
        elif not self._over.done():
            self._over.set_result(ending)
            if ending.sqlstate is not None:
                self._client.write(error("FATAL", ending.sqlstate, ending.sentence).encode())
            self._client.close()

    async def run(self, login_seconds: float) -> None:
        """Serve the client; returns once everything it held has been given back."""
        try:
            async with asyncio.timeout(login_seconds):
                admitted = await self._entrance.admit()
                if admitted is None:
                    return
                self.audience = admitted.wanted.audience
                role, backend = await self._open_backend(admitted)
        except KloverError as refused:
            self._client.write(error("FATAL", refused.sqlstate, str(refused)).encode())
            self._client.close()
            return
        except (ConnectionResetError, TimeoutError):
            self._client.abort()
            return
        try:
            await self._serve(admitted, role, backend)
        except KloverError as broken:
            self.end(Ending(reason="broken off", sqlstate=broken.sqlstate, sentence=str(broken)))
        finally:
            await self._close_backend(backend)
            self._house.leases.give_back(role)

    # A session with the store ------------------------------------------------------------------

    async def _open_backend(self, admitted: Admitted) -> tuple[str, BackendSession]:
        leases, audience = self._house.leases, admitted.wanted.audience
        door = self._house.doors[audience]
        for _ in door.session_roles:
            role = await leases.wait(audience, self._house.lease_seconds)
            if role is None:
                break
            try:
                backend = await open_session(
                    self._house.backend,
                    role=role,
                    door=door,
                    session=self.name,
                    settings=admitted.wanted.settings,
                )
            except RoleTakenError:
                leases.give_back(role)
            except SuspendedError as suspended:
                leases.give_back(role)
                reason = f"the door is suspended since {suspended.since}"
                self._house.release.append(denial(admitted.who, reason, self._house.stamp()))
                await self._house.release.settled()
                raise
            except BaseException:
                leases.give_back(role)
                raise
            else:
                return role, backend
        raise FullError("Every place at this door is taken; try again in a moment.")

    async def _close_backend(self, backend: BackendSession) -> None:
        """Say goodbye, cancel what still runs, and wait until the server has closed."""
        gone = asyncio.Event()
        backend.peer.flow(sink=lambda _: None, pressed=lambda _: None, lost=gone.set)
        backend.peer.write(frontend.Terminate().encode())
        try:
            while not gone.is_set():
                if self._relay is None or self._relay.busy:
                    await cancel(self._house.backend, backend)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CANCEL_AGAIN_SECONDS):
                        await gone.wait()
        finally:
            backend.peer.abort()  # called off, nobody else would

    async def _serve(self, admitted: Admitted, role: str, backend: BackendSession) -> None:
        house, loop = self._house, asyncio.get_running_loop()
        record = SessionRecord(
            who=admitted.who,
            catalog=backend.catalog,
            append=house.release.append,
            append_later=house.release.append_later,
            clock=house.stamp,
        )
        house.release.append(self._opened(admitted, role, backend.catalog.version))
        await house.release.settled()
        key = house.cancels.issue(admitted.wanted.version, lambda: self._cancel(loop, backend))
        self._greet(backend, key.encode())
        relay = Relay(
            client=self._client,
            backend=backend,
            record=record,
            release=house.release,
            salt=lambda: secrets.token_bytes(_SALT_BYTES),
            ended=self._note,
            meter=admitted.meter,
        )
        ending = HOURS_OVER if admitted.permit.ends is Ends.HOURS else EXPIRED
        deadline = Deadline(
            admitted.permit.expires_at, now=house.now, loop=loop, call=lambda: self.end(ending)
        )
        try:
            if not self._over.done():
                self._relay = relay
                relay.start()
            ended = await self._over
        finally:
            deadline.cancel()
            house.cancels.withdraw(key)
        if not house.release.broken:
            record.closed(ended.reason)

    def _note(self, ending: Ending) -> None:
        if not self._over.done():
            self._over.set_result(ending)

    def _cancel(self, loop: asyncio.AbstractEventLoop, backend: BackendSession) -> None:
        self._house.release.append(Cancellation(time=self._house.stamp(), session=self.name))
        self._cancelling = loop.create_task(cancel(self._house.backend, backend))

    def _greet(self, backend: BackendSession, key: bytes) -> None:
        statuses = b"".join(
            ParameterStatus(name=name, value=content).encode()
            for name, content in backend.settings.items()
        )
        ready = ReadyForQuery(status=b"I").encode()
        self._client.write(AUTHENTICATION_OK.encode() + statuses + key + ready)

    def _opened(self, admitted: Admitted, role: str, version: int) -> SessionOpened:
        requires = admitted.permit.audience.requires
        return SessionOpened(
            time=self._house.stamp(),
            session=self.name,
            principal=admitted.credential.principal.subject,
            issuer=admitted.credential.principal.issuer,
            audience=admitted.permit.audience.name,
            door=admitted.permit.door,
            backend_role=role,
            door_version=version,
            countries=admitted.who.countries,
            evidence=admitted.who.evidence,
            # What the policy does not ask for is free text, and no record's business.
            purpose=admitted.wanted.purpose if requires.purposes else None,
            reference=admitted.wanted.reference if requires.reference else None,
            policy=self._house.policy.digest,
            countries_edition=admitted.permit.countries,
        )
