"""Messages that a client sends once its session is open, one frozen value each.

``wire.parse`` reads those that the gateway acts on; each encodes to the bytes it came as.
Names of statements and portals stay bytes, as the server compares them.
https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from dataclasses import dataclass

from klover.wire.fields import cstring, int16, int32, message, oid, value


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


def _codes(codes: tuple[int, ...]) -> bytes:
    return int16(len(codes)) + b"".join(int16(code) for code in codes)
