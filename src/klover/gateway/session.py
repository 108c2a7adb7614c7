"""One client from its startup message to its last byte.

Startup, token, location, decision; then a leased role, a fresh backend session, and the relay.
Whatever is refused is on record before the client hears of it, and the client hears one sentence.
A role is given back only once the server has closed its session.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from klover.config import Backend
from klover.errors import DeniedError, KloverError, StoreError, WireError
from klover.event import Cancellation, SessionOpened
from klover.gateway import startup
from klover.gateway.authenticate import Credential, Trust, authenticate
from klover.gateway.backend import BackendSession, RoleTakenError, cancel, open_session
from klover.gateway.cancel import Cancels
from klover.gateway.door import DoorAddress
from klover.gateway.lease import Leases
from klover.gateway.peer import Peer
from klover.gateway.record import SessionRecord, Who, denial
from klover.gateway.relay import Ending, Relay
from klover.gateway.release import Release
from klover.policy.decide import Deny, Permit, decide, locate
from klover.policy.model import Policy
from klover.wire import frontend
from klover.wire.backend import (
    AUTHENTICATION_CLEARTEXT_PASSWORD,
    AUTHENTICATION_OK,
    ParameterStatus,
    ReadyForQuery,
    error,
)
from klover.wire.startup import CancelRequest, StartupMessage, parse

_CANCEL_AGAIN_SECONDS = 1.0
_LEASE_SECONDS = 3.0
"""How long somebody waits at a full door; a session that ends takes a moment to be closed."""
_SALT_BYTES = 16
EXPIRED = Ending(
    reason="permit expired",
    sqlstate="57P01",
    sentence="The permit or the token has expired; log in and connect again.",
)


class FullError(StoreError):
    """Every session role of a door is taken."""

    sqlstate = "53300"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every session of a gateway shares."""

    backend: Backend
    policy: Policy
    doors: Mapping[str, DoorAddress]
    trust: Trust
    release: Release
    leases: Leases
    cancels: Cancels
    now: Callable[[], datetime]

    def stamp(self) -> str:
        """Tell the time as records carry it."""
        return self.now().isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a client came from; ``simulated`` where a listener says so for demonstrations."""

    address: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A client whom the policy lets in."""

    who: Who
    permit: Permit
    credential: Credential
    wanted: startup.Wanted


class Session:
    """Lets one client in and serves it to its end."""

    def __init__(self, house: House, client: Peer, arrival: Arrival) -> None:
        self._house = house
        self._client = client
        self._arrival = arrival
        self.name = secrets.token_hex(8)
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
                admitted = await self._admit()
                if admitted is None:
                    return
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

    # Who, where, why ---------------------------------------------------------------------------

    async def _admit(self) -> Admitted | None:
        message = parse(await self._client.first())
        if isinstance(message, CancelRequest):
            self._house.cancels.request(message)
            self._client.close()
            return None
        if not isinstance(message, StartupMessage):
            raise WireError("Encryption was asked for inside of encryption.")
        wanted = startup.read(message)
        if wanted.negotiate is not None:
            self._client.write(wanted.negotiate.encode())
        self._client.write(AUTHENTICATION_CLEARTEXT_PASSWORD.encode())
        answer = frontend.parse(await self._client.frame())
        if not isinstance(answer, frontend.PasswordMessage):
            raise WireError("A password was asked for, and another message came.")
        try:
            credential = authenticate(answer.password, self._house.trust, self._house.now())
        except DeniedError as denied:
            await self._deny(self._who(wanted, None), str(denied))
            raise
        return await self._decide(wanted, credential)

    async def _decide(self, wanted: startup.Wanted, credential: Credential) -> Admitted:
        house = self._house
        who = self._who(wanted, credential)
        decision = decide(
            house.policy,
            principal=credential.principal,
            audience=wanted.audience,
            location=locate(
                house.policy,
                credential.country,
                self._arrival.address,
                simulated=self._arrival.simulated,
                on=house.now().date(),
            ),
            purpose=wanted.purpose,
            reference=wanted.reference,
            now=house.now(),
        )
        if isinstance(decision, Deny):
            await self._deny(who, decision.reason)
            raise DeniedError(self._told(wanted, credential, decision))
        if wanted.audience not in house.doors:
            raise StoreError("This audience has no door yet; `klover doors apply` makes it.")
        return Admitted(who=who, permit=decision, credential=credential, wanted=wanted)

    def _told(self, wanted: startup.Wanted, credential: Credential, denied: Deny) -> str:
        """Tell why, but whether an audience exists only to those who are of it."""
        rule = self._house.policy.audiences.get(wanted.audience)
        if rule is None or not credential.principal.groups.intersection(rule.groups):
            return (
                "Denied: this token's groups are let in to no audience of this name; "
                "the user name has to be one of yours."
            )
        return f"Denied: {denied.reason}."

    def _who(self, wanted: startup.Wanted, credential: Credential | None) -> Who:
        house = self._house
        known = wanted.audience in house.policy.audiences
        location = locate(
            house.policy,
            credential.country if credential is not None else None,
            self._arrival.address,
            simulated=self._arrival.simulated,
            on=house.now().date(),
        )
        return Who(
            session=self.name,
            principal=credential.principal.subject if credential is not None else None,
            audience=wanted.audience if known else "unknown",
            door=house.policy.audiences[wanted.audience].slug if known else "",
            countries=tuple(sorted(location.countries)),
            evidence=location.evidence,
            policy=house.policy.digest,
            countries_edition=house.policy.countries.edition,
        )

    async def _deny(self, who: Who, reason: str) -> None:
        self._house.release.append(denial(who, reason, self._house.stamp()))
        await self._house.release.settled()

    # A session with the store ------------------------------------------------------------------

    async def _open_backend(self, admitted: Admitted) -> tuple[str, BackendSession]:
        leases, audience = self._house.leases, admitted.wanted.audience
        door = self._house.doors[audience]
        for _ in door.session_roles:
            role = await leases.wait(audience, _LEASE_SECONDS)
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
        while not gone.is_set():
            if self._relay is None or self._relay.busy:
                await cancel(self._house.backend, backend)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CANCEL_AGAIN_SECONDS):
                    await gone.wait()

    async def _serve(self, admitted: Admitted, role: str, backend: BackendSession) -> None:
        house, loop = self._house, asyncio.get_running_loop()
        record = SessionRecord(
            who=admitted.who,
            catalog=backend.catalog,
            append=house.release.append,
            append_later=house.release.append_later,
            clock=house.stamp,
        )
        house.release.append(self._opened(admitted, role))
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
        )
        left = admitted.permit.expires_at - house.now()
        timer = loop.call_later(max(left / timedelta(seconds=1), 0.0), self.end, EXPIRED)
        try:
            if not self._over.done():
                self._relay = relay
                relay.start()
            ending = await self._over
        finally:
            timer.cancel()
            house.cancels.withdraw(key)
        if not house.release.broken:
            record.closed(ending.reason)

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

    def _opened(self, admitted: Admitted, role: str) -> SessionOpened:
        requires = admitted.permit.audience.requires
        return SessionOpened(
            time=self._house.stamp(),
            session=self.name,
            principal=admitted.credential.principal.subject,
            issuer=admitted.credential.principal.issuer,
            audience=admitted.permit.audience.name,
            door=admitted.permit.door,
            backend_role=role,
            countries=admitted.who.countries,
            evidence=admitted.who.evidence,
            # What the policy does not ask for is free text, and no record's business.
            purpose=admitted.wanted.purpose if requires.purposes else None,
            reference=admitted.wanted.reference if requires.reference else None,
            policy=self._house.policy.digest,
            countries_edition=admitted.permit.countries,
        )
