"""The client's half of a session: its messages are read, recorded and passed on unchanged.

Bytes in; bytes for the server, steps and intents out; no I/O. What is refused is answered in its
turn with an ErrorResponse, and the protocol stays in step: a refused Query is not passed on at
all, after a refused extended message everything up to the Sync is dropped, as Postgres does.
https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
"""

from collections.abc import Callable, Mapping

from klover.errors import WireError
from klover.gateway.follow import (
    apply,
    bound,
    refuse_all,
    refuse_name,
    refuse_portal,
    run,
)
from klover.gateway.names import Portal, Prepared
from klover.gateway.reading import Reading, Salt, nothing, read_all, unclear
from klover.gateway.record import Opened
from klover.gateway.steps import Expect, Progress, Step
from klover.wire import frontend
from klover.wire.backend import ErrorResponse, ReadyForQuery, error
from klover.wire.framing import Frame, Frames
from klover.wire.lexer import UnlexableError
from klover.wire.parse import parse_frontend
from klover.wire.skim import bind_names, execute_portal

MAX_MESSAGE = 1 << 20
"""Bytes of one client message: reading SQL happens between everybody's answers."""
MAX_STEPS = 10_000
"""Messages that may wait for answers; then the client waits until half of them have come."""
_REFUSED = "42501"
_Readers = Mapping[int, Callable[[Frame], None]]


class Asking:
    """Reads what the client sends. Raises WireError where the session cannot go on."""

    def __init__(self, progress: Progress, salt: Salt) -> None:
        self._progress = progress
        self._salt = salt
        self._frames = Frames(limit=MAX_MESSAGE)
        self._skipping = False
        self._extended = False
        self._crowded = False
        self._simple_readers: _Readers = {
            ord("Q"): self._query,
            ord("F"): self._function_call,
            ord("S"): self._sync,
            ord("H"): self._flush,
            ord("X"): self._terminate,
            ord("d"): self._drop,
            ord("c"): self._drop,
            ord("f"): self._drop,
        }
        self._extended_readers: _Readers = {
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("D"): self._describe,
            ord("E"): self._execute,
            ord("C"): self._close,
        }

    def __len__(self) -> int:
        """Tell how many bytes wait to be read."""
        return len(self._frames)

    @property
    def stalled(self) -> bool:
        """Tell whether nothing more is read for now."""
        progress = self._progress
        if self._crowded:
            self._crowded = len(progress.steps) > MAX_STEPS // 2
        return progress.in_group or progress.ended or self._crowded

    def receive(self, data: bytes) -> None:
        """Take bytes from the client and read as far as possible."""
        self._frames.feed(data)
        self.proceed()

    def proceed(self) -> None:
        """Read the messages that wait, until one has to be answered first."""
        while not self.stalled and (frame := self._frames.next()) is not None:
            self._read(frame)
            if len(self._progress.steps) >= MAX_STEPS and not self._progress.in_group:
                self._crowded = True
                # What is owed is asked for, so that it does not wait in the server's buffer.
                self._progress.to_server.append(frontend.Flush().encode())

    def _read(self, frame: Frame) -> None:
        simple = self._simple_readers.get(frame.kind)
        if simple is not None:
            simple(frame)
            return
        read = self._extended_readers.get(frame.kind)
        if read is None:
            raise WireError("A message came that has no place in the middle of a session.")
        self._extended = True
        if not (self._skipping or self._progress.failed):
            read(frame)

    def _terminate(self, frame: Frame) -> None:
        _bare(frame)
        self._progress.ended = True

    def _flush(self, frame: Frame) -> None:
        _bare(frame)
        self._forward(frame)

    def _drop(self, frame: Frame) -> None:
        """Drop a COPY message, as Postgres does outside of COPY; COPY FROM is not let through."""
        parse_frontend(frame)

    def _forward(self, frame: Frame, step: Step | None = None) -> None:
        self._progress.to_server.append(frame.raw)
        if step is not None:
            self._progress.steps.append(step)

    # The simple protocol -------------------------------------------------------------------------

    def _function_call(self, _: Frame) -> None:
        self._refuse_inside_a_group()
        self._refuse_simple("function calls are not let through; use SELECT")

    def _refuse_inside_a_group(self) -> None:
        if self._extended:
            raise WireError("A Query came in the middle of extended messages; send Sync first.")

    def _query(self, frame: Frame) -> None:
        message = parse_frontend(frame)
        assert isinstance(message, frontend.Query)  # noqa: S101 - parse tells by the type byte
        self._refuse_inside_a_group()
        try:
            readings = read_all(message.sql, self._progress.record.catalog, self._salt)
        except UnlexableError as unread:
            self._refuse_simple(f"the text cannot be read as SQL: {unread}", unread.sqlstate)
            return
        refusal = refuse_all(self._progress, readings)
        if refusal is not None:
            self._refuse_simple(refusal)
            return
        step = Step(expect=Expect.QUERY)
        for reading in readings:
            opened = self._open(reading)
            opened.undo += apply(self._progress, reading)
            step.opened.append(opened)
        self._progress.in_group = True
        # Postgres forgets both unnamed ones as soon as it begins to read a Query.
        self._progress.prepared.drop(b"")
        self._progress.portals.drop(b"")
        self._forward(frame, step)

    def _refuse_simple(self, reason: str, sqlstate: str = _REFUSED) -> None:
        self._progress.record.refuse(reason)
        ready = ReadyForQuery(status=self._progress.status)
        self._progress.to_client += [_refusal(reason, sqlstate).encode(), ready.encode()]

    # The extended protocol -----------------------------------------------------------------------

    def _refuse(self, reason: str, sqlstate: str = _REFUSED) -> None:
        self._skipping = True
        self._progress.record.refuse(reason)
        # The answers to what came before are due first; the server may be holding them back.
        self._progress.to_server.append(frontend.Flush().encode())
        refusal = _refusal(reason, sqlstate)
        self._progress.steps.append(Step(expect=Expect.REFUSAL, refusal=refusal))
        self._progress.release_refusals()

    def _parse(self, frame: Frame) -> None:
        message = parse_frontend(frame)
        assert isinstance(message, frontend.Parse)  # noqa: S101 - parse tells by the type byte
        try:
            readings = read_all(message.sql, self._progress.record.catalog, self._salt)
        except UnlexableError as unread:
            self._refuse(f"the text cannot be read as SQL: {unread}", unread.sqlstate)
            return
        if len(readings) > 1:
            # Postgres says the same; said here, no text with two statements is ever a name's.
            self._refuse("a prepared statement holds one statement only", "42601")
            return
        reading = readings[0] if readings else nothing()
        refusal = reading.refusal or refuse_name(self._progress, message.name, reading)
        if refusal is not None:
            self._refuse(refusal)
            return
        step = Step(expect=Expect.PARSE)
        prepared = Prepared(reading=reading, opened=self._wait(step, self._open(reading)))
        step.undo.append(self._progress.prepared.put(message.name, prepared))
        self._forward(frame, step)

    def _bind(self, frame: Frame) -> None:
        name, statement = bind_names(frame.body)
        prepared = self._progress.prepared.get(statement)
        if prepared is None:
            prepared = Prepared(reading=unclear(self._progress.record.catalog))
        refusal = refuse_portal(self._progress, name, prepared.reading)
        if refusal is not None:
            self._refuse(refusal)
            return
        step = Step(expect=Expect.BIND)
        opened = self._wait(step, self._take(prepared) or self._open(prepared.reading))
        portal = Portal(prepared=prepared, opened=opened)
        step.undo.append(self._progress.portals.put(name, portal))
        self._forward(frame, step)

    def _close_leftover(self, name: bytes) -> None:
        """Close the unnamed portal first where the client has none.

        A Query that failed inside a transaction leaves one whose statement's memory is gone;
        Postgres 18 crashes, with every session of the server, when that is executed.
        """
        if name == b"" and self._progress.portals.get(name) is None:
            self._progress.to_server.append(frontend.Close(target=b"P", name=b"").encode())
            self._progress.steps.append(Step(expect=Expect.CLOSE, ours=True))

    def _execute(self, frame: Frame) -> None:
        name = execute_portal(frame.body)
        portal = self._progress.portals.get(name)
        if portal is None:
            portal = Portal(prepared=Prepared(reading=unclear(self._progress.record.catalog)))
        reading = portal.prepared.reading
        refusal = refuse_all(self._progress, (reading,))
        if refusal is not None:
            self._refuse(refusal)
            return
        self._close_leftover(name)
        views = run(self._progress, portal)
        opened = None if reading.runs else self._take(portal)
        if opened is None:
            opened = self._progress.record.intent(reading, views)
        opened.undo += apply(self._progress, reading)
        step = Step(expect=Expect.EXECUTE, portal=portal)
        step.opened.append(opened)
        self._forward(frame, step)

    def _describe(self, frame: Frame) -> None:
        message = parse_frontend(frame)
        assert isinstance(message, frontend.Describe)  # noqa: S101 - parse tells by the type byte
        if message.target == b"P":
            self._close_leftover(message.name)
        of: Prepared | Portal | None = (
            self._progress.prepared.get(message.name)
            if message.target == b"S"
            else self._progress.portals.get(message.name)
        )
        self._forward(frame, Step(expect=Expect.DESCRIBE, describes=of))

    def _close(self, frame: Frame) -> None:
        message = parse_frontend(frame)
        assert isinstance(message, frontend.Close)  # noqa: S101 - parse tells by the type byte
        progress = self._progress
        table = progress.prepared if message.target == b"S" else progress.portals
        self._forward(frame, Step(expect=Expect.CLOSE, undo=[table.drop(message.name)]))

    def _sync(self, frame: Frame) -> None:
        _bare(frame)
        self._skipping = False
        self._extended = False
        self._progress.in_group = True
        self._forward(frame, Step(expect=Expect.SYNC))

    # Records -------------------------------------------------------------------------------------

    def _open(self, reading: Reading) -> Opened:
        return self._progress.record.intent(reading, bound(self._progress, reading))

    def _wait(self, step: Step, opened: Opened) -> Opened:
        """Keep an intent for the message that takes it up within this group."""
        step.opened.append(opened)
        self._progress.waiting[opened.number] = opened
        return opened

    def _take(self, of: Prepared | Portal) -> Opened | None:
        opened, of.opened = of.opened, None
        if opened is None or opened.done:
            return None
        self._progress.waiting.pop(opened.number, None)
        return opened


def _bare(frame: Frame) -> None:
    if frame.body:
        raise WireError("A message that has no body came with one.")


def _refusal(reason: str, sqlstate: str) -> ErrorResponse:
    return error("ERROR", sqlstate, f"Klover: {reason}.")
