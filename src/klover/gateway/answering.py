"""The server's half of a session: answers are followed, counted and passed on unchanged.

Bytes in; bytes for the client and completions out; no I/O. Rows are skipped, not read: their
length is all that is looked at. Messages are passed on whole, so that an error of our own can
follow any of them; only a row larger than ``MAX_WHOLE`` is passed on in parts.
An answer that nobody asked for ends the session. Where the audience has limits each piece is paid
for before it is released: all of it at once while there is room, near a limit one by one.
"""

import struct
from collections.abc import Callable, Iterator, Mapping

from klover.errors import StoreError, WireError
from klover.gateway.record import Opened
from klover.gateway.steps import Expect, Progress, Step
from klover.wire.backend import (
    ErrorResponse,
    ParameterStatus,
    RowDescription,
)
from klover.wire.framing import HEADER, Frame
from klover.wire.parse import parse_backend

MAX_WHOLE = 1 << 16
"""Bytes of a row that are kept back until it is whole."""
MAX_ANSWER = 1 << 24
"""Bytes of any answer that is not a row."""
FIXED = {b"standard_conforming_strings": b"on", b"client_encoding": b"UTF8"}
"""Settings that reading SQL stands on; the server reports each change of them."""

_STATUSES = frozenset({b"I", b"T", b"E"})
_MAX_DESCRIBED, _MAX_DESCRIPTION = 256, 4_096
_Answers = Mapping[int, Callable[[Frame], None]]
_LENGTH = struct.Struct("!i")
_DATA_ROW = ord("D")
_COPY_DATA = ord("d")
_CLOSE_COMPLETE = ord("3")
_COMMAND_COMPLETE = ord("C")
_TELLING = frozenset(b"DdEN")
"""What counts as a row: rows, parts of a COPY, errors and notices, whose texts can hold values.

The end of a statement that showed none does, too, where it tells a count: that there is no row is
an answer, and ``MOVE`` moves over as many as the asker wants to be told.
"""


class Answering:
    """Reads what the server sends. Raises WireError or StoreError where it cannot go on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._kept = b""
        self._passing = 0
        self._described: dict[bytes, tuple[str, ...] | None] = {}
        self._answers: _Answers = {
            ord("1"): lambda _: self._done(Expect.PARSE),
            ord("2"): lambda _: self._done(Expect.BIND),
            ord("3"): lambda _: self._done(Expect.CLOSE),
            ord("n"): lambda _: self._done(Expect.DESCRIBE),
            ord("t"): lambda _: self._within(Expect.DESCRIBE),
            ord("H"): lambda _: self._within(Expect.QUERY, Expect.EXECUTE),
            ord("c"): lambda _: self._within(Expect.QUERY, Expect.EXECUTE),
            ord("T"): self._row_description,
            ord("C"): self._command_complete,
            ord("s"): self._suspended,
            ord("I"): self._empty,
            ord("E"): self._error,
            ord("Z"): self._ready,
            ord("S"): self._parameter,
            ord("N"): lambda _: None,
            ord("A"): lambda _: None,
        }

    @property
    def between(self) -> bool:
        """Tell whether everything passed on so far ends with a whole message."""
        return self._passing == 0

    def receive(self, data: bytes) -> None:
        """Take bytes from the server; what can be passed on is added to ``to_client``."""
        if self._progress.reached is not None:
            return
        data, meter = self._begin(data), self._progress.meter
        if meter is None or meter.roomy(len(data)):
            self._follow(data)
        else:
            self._one_by_one(data)

    def _one_by_one(self, data: bytes) -> None:
        """Follow message by message, up to the first that a limit does not allow."""
        at = 0
        for end in _ends(data):
            if not self._pay(self._tells(data[at], data, end), end - at):
                return
            self._follow(data[at:end], paid=True)
            at = end
        self._follow(data[at:], paid=True)

    def _follow(self, data: bytes, *, paid: bool = False) -> None:
        out, steps = self._progress.to_client, self._progress.steps
        view = memoryview(data)
        sent = at = rows = counted = told = 0
        size = len(data)
        unpack = _LENGTH.unpack_from
        while at + HEADER <= size:
            kind = data[at]
            end = at + 1 + unpack(data, at + 1)[0]
            if end < at + HEADER:
                raise WireError("The server sent a message of a length that cannot be.")
            if end > size:
                break
            if kind in (_DATA_ROW, _COPY_DATA):
                rows, counted, at = rows + 1, counted + end - at, end
                continue
            self._count(rows, counted)
            told += rows + self._tells(kind, data, end)
            rows = counted = 0
            ours = steps[0].ours if steps and kind == _CLOSE_COMPLETE else False
            self._answer(Frame(kind, data[at + HEADER : end], b""))
            steps = self._progress.steps
            if ours or (steps and steps[0].expect is Expect.REFUSAL):
                out.append(view[sent : at if ours else end])
                sent = end
                self._progress.release_refusals()
            at = end
        self._count(rows, counted)
        if not paid and not self._pay(told + rows, at):
            return
        if at > sent:
            out.append(view[sent:at])
        in_parts = at + HEADER <= size and self._pass_in_parts(data[at], end - at)
        if in_parts and self._pay(1, end - at):
            self._count(1, end - at)
            out.append(view[at:])
            self._passing, at = end - size, size
        self._kept = data[at:]

    def _begin(self, data: bytes) -> bytes:
        """Pass on what belongs to a row in parts; put what was kept before the rest."""
        if self._passing:
            part = memoryview(data)[: self._passing]
            self._passing -= len(part)
            self._progress.to_client.append(part)
            data = data[len(part) :]
        return self._kept + data if self._kept else data

    @staticmethod
    def _pass_in_parts(kind: int, length: int) -> bool:
        """Tell whether a message that is not whole yet is passed on as it comes."""
        if kind in {_DATA_ROW, _COPY_DATA}:
            return length > MAX_WHOLE
        if length > MAX_ANSWER:
            raise WireError("The server sent an answer that is too long.")
        return False

    def _pay(self, rows: int, size: int) -> bool:
        """Use up so much of what is allowed; False where a limit is in the way: that is the end."""
        meter = self._progress.meter
        reached = meter.take(rows, size) if meter is not None else None
        if reached is None:
            return True
        self._progress.stop(reached)
        return False

    def _tells(self, kind: int, data: bytes, end: int) -> bool:
        """Tell whether the message that ends at ``end`` counts as a row."""
        if kind != _COMMAND_COMPLETE:
            return kind in _TELLING
        steps = self._progress.steps
        showed = bool(steps) and bool(steps[0].opened) and steps[0].opened[0].rows > 0
        return not showed and data[end - 2 : end - 1].isdigit()  # before the closing zero

    def _count(self, rows: int, counted: int) -> None:
        if rows:
            opened = self._current()
            opened.rows += rows
            opened.bytes += counted

    def _step(self, *expected: Expect) -> Step:
        steps = self._progress.steps
        if not steps or steps[0].expect not in expected:
            raise WireError("The server answered something that was not asked.")
        return steps[0]

    def _current(self) -> Opened:
        """Find the statement that is being answered."""
        step = self._step(Expect.QUERY, Expect.EXECUTE)
        if not step.opened:
            # Postgres sees more statements in this text than we did: the record would be wrong.
            raise WireError("The server counts other statements than the gateway.")
        return step.opened[0]

    def _answer(self, frame: Frame) -> None:
        answer = self._answers.get(frame.kind)
        if answer is None:
            raise WireError("The server answered something that was not asked.")
        answer(frame)

    def _complete(self, outcome: str) -> None:
        opened = self._current()
        step = self._progress.steps[0]
        if opened.columns is None and step.portal is not None:
            opened.columns = step.portal.told()
        self._progress.record.complete(opened, outcome)
        step.opened.popleft()
        if step.expect is Expect.EXECUTE:
            self._progress.steps.popleft()

    def _command_complete(self, frame: Frame) -> None:
        self._complete(_words(frame.body[:-1]))

    def _suspended(self, _: Frame) -> None:
        self._step(Expect.EXECUTE)
        self._complete("suspended")

    def _empty(self, _: Frame) -> None:
        if self._step(Expect.QUERY, Expect.EXECUTE).expect is Expect.EXECUTE:
            self._complete("empty")

    def _within(self, *expected: Expect) -> None:
        self._step(*expected)

    def _done(self, expected: Expect) -> None:
        self._step(expected)
        self._progress.steps.popleft()

    def _row_description(self, frame: Frame) -> None:
        columns = self._shown(frame)
        step = self._step(Expect.QUERY, Expect.DESCRIBE)
        if step.expect is Expect.QUERY:
            self._current().columns = columns
            return
        if step.describes is not None:
            step.describes.columns = columns
        self._progress.steps.popleft()

    def _shown(self, frame: Frame) -> tuple[str, ...] | None:
        """Tell the columns that a RowDescription names; the same one comes again and again."""
        if frame.body in self._described:
            return self._described[frame.body]
        message = parse_backend(frame)
        assert isinstance(message, RowDescription)  # noqa: S101 - parse tells by the type byte
        columns = self._progress.record.catalog.shown(message)
        if len(self._described) < _MAX_DESCRIBED and len(frame.body) < _MAX_DESCRIPTION:
            self._described[frame.body] = columns
        return columns

    def _error(self, frame: Frame) -> None:
        message = parse_backend(frame)
        assert isinstance(message, ErrorResponse)  # noqa: S101 - parse tells by the type byte
        sqlstate: str | None = message.fields.get(b"C", b"").decode(errors="replace")[:5]
        steps = self._progress.steps
        if not steps:
            return  # the server ends the session, and says why
        if steps[0].expect is not Expect.QUERY:
            self._progress.fail(sqlstate)
            return
        # What the text did to names before the error stays, as in Postgres.
        steps[0].take_back()
        outcome, told = "error", sqlstate
        for opened in steps[0].opened:
            self._progress.record.complete(opened, outcome, told)
            outcome, told = "skipped", None
        steps[0].opened.clear()

    def _ready(self, frame: Frame) -> None:
        if frame.body not in _STATUSES:
            raise WireError("The server is ready in a state that is not known.")
        step = self._step(Expect.QUERY, Expect.SYNC)
        if step.opened:
            raise WireError("The server counts other statements than the gateway.")
        self._progress.steps.popleft()
        self._progress.ready(frame.body)

    def _parameter(self, frame: Frame) -> None:
        message = parse_backend(frame)
        assert isinstance(message, ParameterStatus)  # noqa: S101 - parse tells by the type byte
        if FIXED.get(message.name, message.value) != message.value:
            raise StoreError("A setting that the record stands on was changed; the session ends.")


def _words(tag: bytes) -> str:
    """Tell a command tag without its counts."""
    return " ".join(word for word in tag.decode(errors="replace").split() if not word.isdigit())


def _ends(data: bytes) -> Iterator[int]:
    """Tell where each whole message ends; lengths that cannot be are left to who follows."""
    at = 0
    while at + HEADER <= len(data):
        end = at + 1 + _LENGTH.unpack_from(data, at + 1)[0]
        if not at + HEADER <= end <= len(data):
            return
        yield end
        at = end
