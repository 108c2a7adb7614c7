"""Messages that a server sends, one frozen value each: what the gateway reads or makes itself.

Rows are not among them: the relay counts and skips those. ``wire.parse`` reads them strictly, each
encodes to the bytes it came as. https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from klover.wire.fields import cstring, int16, int32, message, oid, signed16, value


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


def _notice(fields: Mapping[bytes, bytes]) -> bytes:
    return b"".join(letter + cstring(text) for letter, text in fields.items()) + b"\0"
