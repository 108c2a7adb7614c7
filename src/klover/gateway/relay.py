"""Moves bytes between a client and its backend session, following both halves of the protocol.

The reference in pure Python: another one may stand beside it with the same interface (``start``,
``end``) and the same tests. Nothing reaches the client before the records that it answers are
durable; while answers wait, and while either side reads slowly, the other is not read, so memory
stays flat however large a result is.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from klover.errors import KloverError, RecordError
from klover.gateway.answering import Answering
from klover.gateway.asking import Asking
from klover.gateway.backend import BackendSession
from klover.gateway.meter import Meter
from klover.gateway.peer import Peer
from klover.gateway.reading import Salt
from klover.gateway.record import SessionRecord
from klover.gateway.release import Release
from klover.gateway.steps import Progress
from klover.wire.backend import error

_HIGH_WATER = 1 << 18
"""Bytes of a client's messages that may wait for their turn."""
_JOINED = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a session ended: a few words for the record, a FATAL error where the client is told."""

    reason: str
    sqlstate: str | None = None
    sentence: str = ""


class Relay:
    """One session's bytes. ``ended`` is called once."""

    def __init__(
        self,
        *,
        client: Peer,
        backend: BackendSession,
        record: SessionRecord,
        release: Release,
        salt: Salt,
        ended: Callable[[Ending], None],
        meter: Meter | None = None,
    ) -> None:
        self._client = client
        self._server = backend.peer
        self._record = record
        self._release = release
        self._ended: Callable[[Ending], None] | None = ended
        self._progress = Progress(record=record, meter=meter)
        self._asking = Asking(self._progress, salt)
        self._answering = Answering(self._progress)
        self._held = False
        self._clean = True

    @property
    def busy(self) -> bool:
        """Tell whether the server owes an answer."""
        return bool(self._progress.steps)

    def start(self) -> None:
        """Take over both connections."""
        self._server.flow(
            sink=self._from_server,
            pressed=lambda _: self._regulate(),
            lost=lambda: self.end(Ending(reason="store closed")),
        )
        self._client.flow(
            sink=self._from_client,
            pressed=lambda _: self._regulate(),
            lost=lambda: self.end(Ending(reason="client left")),
        )

    def end(self, ending: Ending) -> None:
        """End the session; the client is told why where that fits between two messages."""
        ended, self._ended = self._ended, None
        if ended is None:
            return
        self._release.forget(self)
        if ending.sqlstate is not None and self._clean:
            self._client.write(error("FATAL", ending.sqlstate, ending.sentence).encode())
        if not self._release.broken:
            with suppress(RecordError):  # what the session did is on record but for its end
                self._progress.break_off()
        self._client.close()
        ended(ending)

    def _from_client(self, data: bytes) -> None:
        self._move(self._asking.receive, data)

    def _from_server(self, data: bytes) -> None:
        self._move(self._answering.receive, data)

    def _move(self, receive: Callable[[bytes], None], data: bytes) -> None:
        if self._ended is None or self._progress.reached is not None:
            return
        try:
            receive(data)
            self._push_to_client()  # before the next group's intents, for which it need not wait
            if self._asking and not self._asking.stalled:
                self._asking.proceed()
        except KloverError as broken:
            self._push_to_server()
            self.end(Ending(reason="broken off", sqlstate=broken.sqlstate, sentence=str(broken)))
            return
        self._push_to_server()
        self._push_to_client()

    def _push_to_server(self) -> None:
        waiting = self._progress.to_server
        if waiting:
            self._server.write(waiting[0] if len(waiting) == 1 else b"".join(waiting))
            waiting.clear()

    def _push_to_client(self) -> None:
        waiting = self._progress.to_client
        self._held = bool(waiting) and self._release.durable <= self._record.position
        if self._held:
            self._release.when_durable(self, self._push_to_client)
        elif waiting:
            if len(waiting) > 1 and sum(map(len, waiting)) <= _JOINED:
                self._client.write(b"".join(waiting))
            else:
                for part in waiting:
                    self._client.write(part)
            waiting.clear()
            self._clean = self._answering.between
        if self._progress.reached is not None and not self._held:
            self.end(Ending(reason=self._progress.reached.reason))
        elif self._progress.ended and not self._held:  # what came before the goodbye is answered
            self.end(Ending(reason="client closed"))
        self._regulate()

    def _regulate(self) -> None:
        """Read from each side only what the other can take."""
        if self._ended is None:
            return
        if self._held or not self._client.writable:
            self._server.pause()
        else:
            self._server.resume()
        crowded = self._asking.stalled and len(self._asking) > _HIGH_WATER
        if crowded or not self._server.writable:
            self._client.pause()
        else:
            self._client.resume()
