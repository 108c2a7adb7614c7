"""A relay between two ends in memory, with a loop that runs only when it is told to.

``client`` and ``server`` are what each side was sent; ``round`` runs what was put off to the next
round of the loop, which is where the flush happens.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from doubles.memory_recorder import MemoryRecorder
from klover.gateway.backend import BackendSession
from klover.gateway.door import DoorCatalog, View
from klover.gateway.meter import Meter
from klover.gateway.peer import Peer
from klover.gateway.record import SessionRecord, Who
from klover.gateway.relay import Ending, Relay
from klover.gateway.release import Release

CATALOG = DoorCatalog(
    schema="door_x",
    views={
        20_000: View(name="accounts", columns={1: "id", 2: "email"}),
        20_001: View(name="videos", columns={1: "id", 2: "title"}),
    },
)


class MemoryLoop:
    """Keeps what was put off; ``round`` runs it."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[[], None]) -> "MemoryHandle":
        self.soon.append(call)
        return MemoryHandle(lambda: self.soon.remove(call) if call in self.soon else None)

    def call_later(self, _: float, call: Callable[[], None]) -> "MemoryHandle":
        del call
        return MemoryHandle(lambda: None)

    def round(self) -> None:
        calls, self.soon = self.soon, []
        for call in calls:
            call()


@dataclass
class MemoryHandle:
    undo: Callable[[], object]

    def cancel(self) -> None:
        self.undo()


class MemoryTransport(asyncio.Transport):
    """Keeps what is written, and whether reading is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.paused = False
        self.closed = False

    def write(self, data: Any) -> None:
        self.sent += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


@dataclass(kw_only=True)
class MemoryRelay:
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)
    catalog: DoorCatalog = CATALOG
    endings: list[Ending] = field(default_factory=list)
    failed: bool = False
    meter: Meter | None = None

    def __post_init__(self) -> None:
        self.loop = MemoryLoop()
        self.client_end, self.server_end = MemoryTransport(), MemoryTransport()
        self.client_peer, self.server_peer = Peer(), Peer()
        self.client_peer.connection_made(self.client_end)
        self.server_peer.connection_made(self.server_end)
        self.release = Release(
            self.recorder, loop=cast("asyncio.AbstractEventLoop", self.loop), failed=self._fail
        )
        who = Who(
            session="s",
            principal="p",
            audience="x",
            door="x",
            countries=(),
            countries_edition="2026-11",
            evidence=(),
            policy="0",
        )
        self.record = SessionRecord(
            who=who,
            catalog=self.catalog,
            append=self.release.append,
            append_later=self.release.append_later,
            clock=lambda: "2026-01-01T00:00:00.000000+00:00",
            nanoseconds=lambda: 0,
        )
        self.relay = Relay(
            client=self.client_peer,
            backend=BackendSession(
                peer=self.server_peer, process_id=1, secret=b"", settings={}, catalog=self.catalog
            ),
            record=self.record,
            release=self.release,
            salt=lambda: b"salt",
            ended=self.endings.append,
            meter=self.meter,
        )
        self.relay.start()

    def _fail(self) -> None:
        self.failed = True

    @property
    def client(self) -> bytes:
        """What the client was sent so far."""
        return bytes(self.client_end.sent)

    @property
    def server(self) -> bytes:
        """What the server was sent so far."""
        return bytes(self.server_end.sent)

    def ask(self, data: bytes) -> None:
        """Let the client send bytes."""
        self.client_peer.data_received(data)

    def answer(self, data: bytes) -> None:
        """Let the server send bytes."""
        self.server_peer.data_received(data)

    def round(self) -> None:
        """Run the loop once, flush included."""
        self.loop.round()
