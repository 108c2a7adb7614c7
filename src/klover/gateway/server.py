"""The gateway as a process: its listeners, its sessions, and how it ends.

``Gateway`` is built of values and run in one asyncio loop: ``start``, then ``stop``; ``serve`` runs
one until told otherwise. When nothing can be recorded any more, every session ends and nobody
is let in: if the log stops, the gateway stops.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from klover import config
from klover.errors import ConfigError, KloverError, RecordError
from klover.event import Recorder
from klover.gateway.accept import Listeners
from klover.gateway.authenticate import Trust
from klover.gateway.backend import check_address
from klover.gateway.cancel import Cancels
from klover.gateway.certificate import tls_context
from klover.gateway.daily import Daily, Tally
from klover.gateway.door import DoorAddress
from klover.gateway.house import Arrival, House
from klover.gateway.lease import Leases
from klover.gateway.listen import secure
from klover.gateway.peer import Peer
from klover.gateway.relay import Ending
from klover.gateway.release import Release
from klover.gateway.seat import Seats
from klover.gateway.session import Session
from klover.gateway.watch import watch
from klover.policy.model import Policy
from klover.policy.plate import Plate
from klover.wire.backend import error
from klover.wire.startup import CancelRequest

LOGIN_SECONDS = 30.0
"""From the first byte to an open session."""
LEASE_SECONDS = 3.0
"""How long somebody waits at a full door."""
_EXTRA_CONNECTIONS = 64
"""Connections beyond ``max_sessions`` that may be on their way in, or cancelling."""
_STOP_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
"""How long a client has for its side of closing TLS."""
_STOPPING = Ending(
    reason="gateway stopped", sqlstate="57P01", sentence="The gateway is shutting down."
)
_UNCOUNTED = Ending(
    reason="count lost",
    sqlstate="57P01",
    sentence="The days of this audience can no longer be counted here; connect again.",
)
_UNRECORDED = Ending(
    reason="record failed",
    sqlstate="57P03",
    sentence="Nothing can be put on record any more, so no session goes on; tell the operator.",
)


class Gateway:
    """Listens, and serves everybody who is let in.

    ``doors`` are the doors by audience; ``now`` tells the time in UTC. The recorder is used from
    the loop's thread only.
    """

    def __init__(
        self,
        *,
        settings: config.Gateway,
        policy: Policy,
        doors: Mapping[str, DoorAddress],
        trust: Trust,
        recorder: Recorder,
        tally: Tally | None = None,
        seated: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        login_seconds: float = LOGIN_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Raise ConfigError for a certificate or backend that cannot be used.

        ``tally`` keeps the counts of a day; without one no audience may have such a limit.
        ``seated`` is called once this gateway alone counts, before anybody is let in.
        """
        check_address(settings.backend)
        if tally is None and any(each.limits.day for each in policy.audiences.values()):
            raise ConfigError("An audience has a limit of a day, and nothing keeps the count.")
        self._daily = Daily(tally) if tally is not None else None
        self._settings = settings
        self._policy = policy
        self._doors = dict(doors)
        counted = {name: door for name, door in doors.items() if _is_counted(policy, name)}
        self._seats = Seats(settings.backend, counted, lost=self._lost)
        self._trust = trust
        self._recorder = recorder
        self._seated = seated
        self._now = now
        self._login_seconds = login_seconds
        self._lease_seconds = lease_seconds
        self._tls = tls_context(settings.certificate, settings.private_key)
        self._listeners = Listeners(settings.listeners)
        self._sessions: set[Session] = set()
        self._connections = 0
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._arriving: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._release: Release | None = None
        self.failed = asyncio.Event()
        """Set once nothing can be recorded any more."""

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The address of each listener, in order; tells the port where 0 was asked for."""
        return self._listeners.addresses

    async def start(self) -> None:
        """Open every listener.

        Raises InputError where an address cannot be used, ConfigError where another gateway counts,
        and what ``seated`` raises.
        """
        loop = asyncio.get_running_loop()
        self._listeners.open()
        try:
            await self._seats.take()
            self._seated()
        except BaseException:
            self._seats.close()
            self._listeners.close()
            raise
        self._release = Release(self._recorder, loop=loop, failed=self._fail)
        house = House(
            backend=self._settings.backend,
            policy=self._policy,
            doors=self._doors,
            trust=self._trust,
            release=self._release,
            leases=Leases(self._seats.without(self._doors)),
            cancels=Cancels(),
            seats=self._seats,
            now=self._now,
            lease_seconds=self._lease_seconds,
            daily=self._daily,
        )
        self._listeners.accept(partial(self._knock, house))
        self._watching = loop.create_task(watch(self._settings.backend, self._look))
        self._keeping = loop.create_task(self._seats.keep())

    async def stop(self) -> None:
        """End every session and close every listener; returns when all is closed and recorded."""
        self._stopping = True  # whoever was accepted and has not been seen to yet is let go
        self._listeners.close()
        for task in self._arriving:
            task.cancel()
        await _called_off(self._watching)
        for session in tuple(self._sessions):
            session.end(_STOPPING)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._release is not None:
            self._release.flush()
        if self._daily is not None:
            with contextlib.suppress(RecordError):  # then more counts as used than was
                self._daily.settle()
        await _called_off(self._keeping)  # nobody else counts before we have settled

    def _look(self, plates: Mapping[str, Plate]) -> None:
        """End the sessions of doors that are suspended."""
        for session in tuple(self._sessions):
            door = self._doors.get(session.audience or "")
            plate = plates.get(door.schema) if door is not None else None
            if plate is not None and plate.suspended is not None:
                session.end(_suspended(plate.suspended))

    def _lost(self, audience: str) -> None:
        """End the sessions of a door whose days another gateway could begin to count."""
        for session in tuple(self._sessions):
            if session.audience == audience:
                session.end(_UNCOUNTED)

    def _fail(self) -> None:
        self.failed.set()
        for session in tuple(self._sessions):
            session.end(_UNRECORDED)

    def _knock(self, house: House, connection: socket.socket, arrival: Arrival) -> None:
        if self._connections >= self._settings.max_sessions + _EXTRA_CONNECTIONS:
            connection.close()
            return
        self._connections += 1
        task = asyncio.get_running_loop().create_task(self._connection(connection, arrival, house))
        self._tasks.add(task)
        task.add_done_callback(self._gone)

    def _gone(self, task: asyncio.Task[None]) -> None:
        self._connections -= 1
        self._tasks.discard(task)

    async def _connection(self, connection: socket.socket, arrival: Arrival, house: House) -> None:
        if self._stopping:
            connection.close()
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in one
        self._arriving.add(task)
        try:
            async with asyncio.timeout(self._login_seconds):
                client = await secure(connection, self._tls)
        except (KloverError, OSError, TimeoutError):
            connection.close()
            return
        except BaseException:
            connection.close()
            raise
        finally:
            self._arriving.discard(task)
        if isinstance(client, Peer):
            await self._serve(client, arrival, house)
            return
        if isinstance(client, CancelRequest):
            house.cancels.request(client)
        connection.close()

    def _shut(self, house: House) -> Ending | None:
        """Tell why nobody is let in at the moment, if so."""
        if self._stopping:
            return _STOPPING
        if house.release.broken:
            return _UNRECORDED
        return _FULL if len(self._sessions) >= self._settings.max_sessions else None

    async def _serve(self, client: Peer, arrival: Arrival, house: House) -> None:
        ending = self._shut(house)
        if ending is not None:
            client.write(error("FATAL", ending.sqlstate or "", ending.sentence).encode())
            await client.closed(_GOODBYE_SECONDS)
            return
        session = Session(house, client, arrival)
        self._sessions.add(session)
        try:
            await session.run(self._login_seconds)
        finally:
            self._sessions.discard(session)
            await client.closed(_GOODBYE_SECONDS)


async def _called_off(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _is_counted(policy: Policy, audience: str) -> bool:
    rule = policy.audiences.get(audience)
    return rule is not None and bool(rule.limits.day)


def _suspended(since: str) -> Ending:
    return Ending(
        reason="door suspended",
        sqlstate="57P01",
        sentence=f"The door is suspended since {since} by the operator; try again later.",
    )


_FULL = Ending(
    reason="full", sqlstate="53300", sentence="The gateway is full; try again in a moment."
)
