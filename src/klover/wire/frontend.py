"""Messages that a client sends once its session is open, one frozen value each.

``parse`` reads those that the gateway acts on; every one of them encodes to the bytes it came as.
Names of statements and portals stay bytes, as the server compares them.
https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from klover.errors import WireError
from klover.wire.fields import Reader, cstring, int16, int32, message, oid, value
from klover.wire.framing import Frame

_COUNT = struct.Struct("!H")
_LENGTH = struct.Struct("!i")
_ROWS_AND_NUL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Run a string of statements (simple protocol)."""

    sql: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"Q", cstring(self.sql))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parse:
    """Prepare one statement under a name; the empty name is replaced each time."""

    name: bytes
    sql: bytes
    types: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """Encode it."""
        types = b"".join(oid(one) for one in self.types)
        head = cstring(self.name) + cstring(self.sql)
        return message(b"P", head + int16(len(self.types)) + types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """Make a portal of a prepared statement and its parameters."""

    portal: bytes
    statement: bytes
    formats: tuple[int, ...] = ()
    values: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """Encode it."""
        return message(
            b"B",
            cstring(self.portal)
            + cstring(self.statement)
            + _codes(self.formats)
            + int16(len(self.values))
            + b"".join(value(one) for one in self.values)
            + _codes(self.result_formats),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """Ask what a statement (``S``) or a portal (``P``) will return."""

    target: bytes
    name: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"D", self.target + cstring(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Forget a statement (``S``) or a portal (``P``)."""

    target: bytes
    name: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"C", self.target + cstring(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    """Run a portal for at most ``max_rows`` rows; 0 means all."""

    portal: bytes
    max_rows: int = 0

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"E", cstring(self.portal) + int32(self.max_rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """End a group of extended messages."""

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"S", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Ask for the answers so far."""

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"H", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """Say goodbye."""

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"X", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """Call a function by its oid; old, and never let through. The body is not looked at."""

    body: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"F", self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyData:
    """A part of a COPY stream."""

    data: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"d", self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDone:
    """The end of a COPY stream."""

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"c", b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFail:
    """A client gives up a COPY stream."""

    reason: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"f", cstring(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordMessage:
    """The answer to a request for a password."""

    password: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"p", cstring(self.password))


Frontend = (
    Query
    | Parse
    | Bind
    | Describe
    | Close
    | Execute
    | Sync
    | Flush
    | Terminate
    | FunctionCall
    | CopyData
    | CopyDone
    | CopyFail
    | PasswordMessage
)


def parse(frame: Frame) -> Frontend:
    """Read one message strictly. Raises WireError for unknown types and malformed bodies."""
    read = _READERS.get(frame.kind)
    if read is None:
        raise WireError("A message of an unknown type arrived; the session cannot go on.")
    reader = Reader(frame.body, _NAMES[frame.kind])
    found = read(reader)
    reader.done()
    return found


def bind_names(body: bytes) -> tuple[bytes, bytes]:
    """Tell a Bind message's portal and statement; its values are counted, not copied.

    As strict as ``parse``, for a message that comes with every statement. Raises WireError.
    """
    try:
        first = body.index(0)
        second = body.index(0, first + 1)
        (formats,) = _COUNT.unpack_from(body, second + 1)
        at = second + 3 + 2 * formats
        (values,) = _COUNT.unpack_from(body, at)
        at += 2
        for _ in range(values):
            (length,) = _LENGTH.unpack_from(body, at)
            at += 4 + max(length, 0)
            if length < -1:
                raise WireError("A Bind message is malformed.")
        (results,) = _COUNT.unpack_from(body, at)
    except (ValueError, struct.error):
        raise WireError("A Bind message is malformed.") from None
    if at + 2 + 2 * results != len(body):
        raise WireError("A Bind message is malformed.")
    return body[:first], body[first + 1 : second]


def execute_portal(body: bytes) -> bytes:
    """Tell an Execute message's portal, as strict as ``parse``. Raises WireError."""
    portal = body[:-_ROWS_AND_NUL]
    if len(body) < _ROWS_AND_NUL or body[len(portal)] != 0 or 0 in portal:
        raise WireError("An Execute message is malformed.")
    return portal


def _codes(codes: tuple[int, ...]) -> bytes:
    return int16(len(codes)) + b"".join(int16(code) for code in codes)


def _formats(reader: Reader) -> tuple[int, ...]:
    return tuple(reader.int16() for _ in range(reader.int16()))


def _parse(reader: Reader) -> Parse:
    name, sql = reader.cstring(), reader.cstring()
    return Parse(name=name, sql=sql, types=tuple(reader.oid() for _ in range(reader.int16())))


def _bind(reader: Reader) -> Bind:
    portal, statement = reader.cstring(), reader.cstring()
    formats = _formats(reader)
    values = tuple(reader.value() for _ in range(reader.int16()))
    return Bind(
        portal=portal,
        statement=statement,
        formats=formats,
        values=values,
        result_formats=_formats(reader),
    )


def _target(reader: Reader) -> bytes:
    target = reader.byte()
    if target not in {b"S", b"P"}:
        raise WireError("A Describe or Close message names neither a statement nor a portal.")
    return target


def _execute(reader: Reader) -> Execute:
    portal = reader.cstring()
    return Execute(portal=portal, max_rows=reader.int32())


_READERS: Mapping[int, Callable[[Reader], Frontend]] = {
    ord("Q"): lambda reader: Query(sql=reader.cstring()),
    ord("P"): _parse,
    ord("B"): _bind,
    ord("D"): lambda reader: Describe(target=_target(reader), name=reader.cstring()),
    ord("C"): lambda reader: Close(target=_target(reader), name=reader.cstring()),
    ord("E"): _execute,
    ord("S"): lambda _: Sync(),
    ord("H"): lambda _: Flush(),
    ord("X"): lambda _: Terminate(),
    ord("F"): lambda reader: FunctionCall(body=reader.rest()),
    ord("d"): lambda reader: CopyData(data=reader.rest()),
    ord("c"): lambda _: CopyDone(),
    ord("f"): lambda reader: CopyFail(reason=reader.cstring()),
    ord("p"): lambda reader: PasswordMessage(password=reader.cstring()),
}
_NAMES: Mapping[int, str] = {
    ord("Q"): "Query",
    ord("P"): "Parse",
    ord("B"): "Bind",
    ord("D"): "Describe",
    ord("C"): "Close",
    ord("E"): "Execute",
    ord("S"): "Sync",
    ord("H"): "Flush",
    ord("X"): "Terminate",
    ord("F"): "FunctionCall",
    ord("d"): "CopyData",
    ord("c"): "CopyDone",
    ord("f"): "CopyFail",
    ord("p"): "Password",
}
