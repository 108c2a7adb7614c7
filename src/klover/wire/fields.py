"""The fields that messages are made of: integers in network order, strings that end with NUL.

A ``Reader`` takes fields off one message's body and refuses whatever is left over or runs short,
so that a message which is accepted encodes again to the same bytes.
https://www.postgresql.org/docs/18/protocol-message-types.html
"""

import struct

from klover.errors import WireError

_INT16 = struct.Struct("!H")
_SIGNED16 = struct.Struct("!h")
_INT32 = struct.Struct("!i")
_UNSIGNED32 = struct.Struct("!I")


class Reader:
    """Takes fields off ``body`` in order. Each method raises WireError where they do not fit."""

    __slots__ = ("_at", "_body", "_message")

    def __init__(self, body: bytes, message: str) -> None:
        """``message`` names the message in errors."""
        self._body = body
        self._message = message
        self._at = 0

    def _wrong(self) -> WireError:
        return WireError(f"A {self._message} message is malformed.")

    def take(self, length: int) -> bytes:
        """Take ``length`` bytes."""
        end = self._at + length
        if length < 0 or end > len(self._body):
            raise self._wrong()
        taken = self._body[self._at : end]
        self._at = end
        return taken

    def byte(self) -> bytes:
        """Take one byte."""
        return self.take(1)

    def int16(self) -> int:
        """Take an unsigned 16-bit integer, as counts are."""
        return int(_INT16.unpack(self.take(2))[0])

    def signed16(self) -> int:
        """Take a signed 16-bit integer, as attribute numbers and type lengths are."""
        return int(_SIGNED16.unpack(self.take(2))[0])

    def int32(self) -> int:
        """Take a signed 32-bit integer."""
        return int(_INT32.unpack(self.take(4))[0])

    def oid(self) -> int:
        """Take an unsigned 32-bit integer."""
        return int(_UNSIGNED32.unpack(self.take(4))[0])

    def cstring(self) -> bytes:
        """Take a string up to its NUL."""
        end = self._body.find(0, self._at)
        if end < 0:
            raise self._wrong()
        taken = self._body[self._at : end]
        self._at = end + 1
        return taken

    def value(self) -> bytes | None:
        """Take a value with its length before it; a length of -1 is NULL."""
        length = self.int32()
        if length == -1:
            return None
        return self.take(length)

    def rest(self) -> bytes:
        """Take everything that is left."""
        return self.take(len(self._body) - self._at)

    def done(self) -> None:
        """Refuse bytes that nobody asked for."""
        if self._at != len(self._body):
            raise self._wrong()


def int16(value: int) -> bytes:
    """Encode an unsigned 16-bit integer."""
    return _INT16.pack(value)


def signed16(value: int) -> bytes:
    """Encode a signed 16-bit integer."""
    return _SIGNED16.pack(value)


def int32(value: int) -> bytes:
    """Encode a signed 32-bit integer."""
    return _INT32.pack(value)


def oid(value: int) -> bytes:
    """Encode an unsigned 32-bit integer."""
    return _UNSIGNED32.pack(value)


def cstring(value: bytes) -> bytes:
    """Encode a string; raises WireError when it holds a NUL."""
    if 0 in value:
        raise WireError("A string of the protocol cannot hold a NUL byte.")
    return value + b"\0"


def value(content: bytes | None) -> bytes:
    """Encode a value with its length before it, or NULL."""
    return _INT32.pack(-1) if content is None else _INT32.pack(len(content)) + content


def message(kind: bytes, body: bytes) -> bytes:
    """Put a message's type and length before its body."""
    return kind + _INT32.pack(len(body) + 4) + body
