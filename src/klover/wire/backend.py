"""Messages that a server sends, one frozen value each: what the gateway reads or makes itself.

Rows are not among them: the relay counts and skips those. ``parse`` reads strictly, every message
encodes to the bytes it came as. https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from klover.errors import WireError
from klover.wire.fields import Reader, cstring, int16, int32, message, oid, signed16, value
from klover.wire.framing import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Any request of authentication; ``code`` tells which, 0 is AuthenticationOk."""

    code: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"R", int32(self.code) + self.data)


AUTHENTICATION_OK = Authentication(code=0)
AUTHENTICATION_CLEARTEXT_PASSWORD = Authentication(code=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterStatus:
    """The value of a setting that the client needs to know."""

    name: bytes
    value: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"S", cstring(self.name) + cstring(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendKeyData:
    """What a CancelRequest for this session has to show."""

    process_id: int
    secret: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"K", int32(self.process_id) + self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyForQuery:
    """The server waits: ``I`` idle, ``T`` in a transaction, ``E`` in a failed one."""

    status: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"Z", self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a result. ``table`` and ``attribute`` are 0 where it is an expression."""

    name: bytes
    table: int
    attribute: int
    type: int
    size: int
    modifier: int
    format: int

    def encode(self) -> bytes:
        """Encode it."""
        return (
            cstring(self.name)
            + oid(self.table)
            + signed16(self.attribute)
            + oid(self.type)
            + signed16(self.size)
            + int32(self.modifier)
            + int16(self.format)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDescription:
    """The columns of the rows that follow."""

    fields: tuple[Field, ...]

    def encode(self) -> bytes:
        """Encode it."""
        return message(
            b"T", int16(len(self.fields)) + b"".join(field.encode() for field in self.fields)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRow:
    """One row; the gateway reads only those of its own catalog query."""

    values: tuple[bytes | None, ...]

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"D", int16(len(self.values)) + b"".join(value(one) for one in self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterDescription:
    """The types of a prepared statement's parameters, by oid."""

    types: tuple[int, ...]

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"t", int16(len(self.types)) + b"".join(oid(one) for one in self.types))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandComplete:
    """A statement has ended well; the tag holds its word and a count."""

    tag: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"C", cstring(self.tag))


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorResponse:
    """An error, as fields of one letter each."""

    fields: Mapping[bytes, bytes]

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"E", _notice(self.fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeResponse:
    """A notice, as fields of one letter each."""

    fields: Mapping[bytes, bytes]

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"N", _notice(self.fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOutResponse:
    """Rows follow as a COPY stream, in ``format`` 0 (text) or 1 (binary)."""

    format: int
    columns: tuple[int, ...]

    def encode(self) -> bytes:
        """Encode it."""
        columns = b"".join(int16(one) for one in self.columns)
        return message(b"H", bytes([self.format]) + int16(len(self.columns)) + columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyData:
    """A part of a COPY stream."""

    data: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(b"d", self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegotiateProtocolVersion:
    """The newest minor version spoken here, and the options that are not known."""

    minor: int
    options: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Encode it; the version is sent whole, as Postgres 18 does."""
        names = b"".join(cstring(option) for option in self.options)
        return message(b"v", int32(3 << 16 | self.minor) + int32(len(self.options)) + names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A message without a body: ParseComplete, BindComplete, CloseComplete, NoData and others."""

    kind: bytes

    def encode(self) -> bytes:
        """Encode it."""
        return message(self.kind, b"")


PARSE_COMPLETE = Bare(kind=b"1")
BIND_COMPLETE = Bare(kind=b"2")
CLOSE_COMPLETE = Bare(kind=b"3")
NO_DATA = Bare(kind=b"n")
EMPTY_QUERY_RESPONSE = Bare(kind=b"I")
PORTAL_SUSPENDED = Bare(kind=b"s")
COPY_DONE = Bare(kind=b"c")

Backend = (
    Authentication
    | ParameterStatus
    | BackendKeyData
    | ReadyForQuery
    | RowDescription
    | DataRow
    | CommandComplete
    | ErrorResponse
    | NoticeResponse
    | CopyOutResponse
    | CopyData
    | ParameterDescription
    | NegotiateProtocolVersion
    | Bare
)


def error(severity: str, sqlstate: str, sentence: str) -> ErrorResponse:
    """Make an error of our own: one sentence for people."""
    return ErrorResponse(
        fields={
            b"S": severity.encode(),
            b"V": severity.encode(),
            b"C": sqlstate.encode(),
            b"M": sentence.replace("\0", "").encode(),
        }
    )


def parse(frame: Frame) -> Backend:
    """Read one message strictly. Raises WireError for unknown types and malformed bodies."""
    read = _READERS.get(frame.kind)
    if read is None:
        raise WireError("The server sent a message of a type that is not expected here.")
    reader = Reader(frame.body, f"server's {chr(frame.kind)!r}")
    found = read(reader)
    reader.done()
    return found


def _notice(fields: Mapping[bytes, bytes]) -> bytes:
    return b"".join(letter + cstring(text) for letter, text in fields.items()) + b"\0"


def _fields(reader: Reader) -> Mapping[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    while (letter := reader.byte()) != b"\0":
        if letter in found:
            raise WireError("A server's error names a field twice.")
        found[letter] = reader.cstring()
    return found


def _status(reader: Reader) -> ReadyForQuery:
    status = reader.byte()
    if status not in {b"I", b"T", b"E"}:
        raise WireError("The server is ready in a state that is not known.")
    return ReadyForQuery(status=status)


def _field(reader: Reader) -> Field:
    return Field(
        name=reader.cstring(),
        table=reader.oid(),
        attribute=reader.signed16(),
        type=reader.oid(),
        size=reader.signed16(),
        modifier=reader.int32(),
        format=reader.int16(),
    )


def _copy_out(reader: Reader) -> CopyOutResponse:
    format_ = reader.byte()[0]
    columns = tuple(reader.int16() for _ in range(reader.int16()))
    return CopyOutResponse(format=format_, columns=columns)


def _negotiate(reader: Reader) -> NegotiateProtocolVersion:
    version = reader.int32()
    if version >> 16 != 3:  # noqa: PLR2004 - protocol 3
        raise WireError("The server speaks no protocol 3.")
    count = reader.int32()
    if count < 0:
        raise WireError("The server names a negative number of options.")
    options = tuple(reader.cstring() for _ in range(count))
    return NegotiateProtocolVersion(minor=version & 0xFFFF, options=options)


def _bare(kind: bytes) -> Callable[[Reader], Backend]:
    return lambda _: Bare(kind=kind)


_READERS: Mapping[int, Callable[[Reader], Backend]] = {
    ord("R"): lambda reader: Authentication(code=reader.int32(), data=reader.rest()),
    ord("S"): lambda reader: ParameterStatus(name=reader.cstring(), value=reader.cstring()),
    ord("K"): lambda reader: BackendKeyData(process_id=reader.int32(), secret=reader.rest()),
    ord("Z"): _status,
    ord("T"): lambda reader: RowDescription(
        fields=tuple(_field(reader) for _ in range(reader.int16()))
    ),
    ord("D"): lambda reader: DataRow(values=tuple(reader.value() for _ in range(reader.int16()))),
    ord("C"): lambda reader: CommandComplete(tag=reader.cstring()),
    ord("E"): lambda reader: ErrorResponse(fields=_fields(reader)),
    ord("N"): lambda reader: NoticeResponse(fields=_fields(reader)),
    ord("H"): _copy_out,
    ord("d"): lambda reader: CopyData(data=reader.rest()),
    ord("t"): lambda reader: ParameterDescription(
        types=tuple(reader.oid() for _ in range(reader.int16()))
    ),
    ord("v"): _negotiate,
    **{ord(kind): _bare(kind) for kind in (b"1", b"2", b"3", b"n", b"I", b"s", b"c")},
}
