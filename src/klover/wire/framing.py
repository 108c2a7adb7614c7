"""Cutting a stream into messages: a type byte, a length that counts itself, a body.

Every length is bounded before a byte of the body is kept, and input may be split anywhere.
``Frames`` is for streams whose every message is looked at; the relay has a scanner of its own for
results, which are skipped and not cut. The first message of a connection has no type byte.
https://www.postgresql.org/docs/18/protocol-overview.html#PROTOCOL-MESSAGE-CONCEPTS
"""

import struct
from typing import NamedTuple

from klover.errors import WireError

_LENGTH = struct.Struct("!i")
HEADER = 5


class Frame(NamedTuple):
    """One message: its type byte, its body, and both as they came."""

    kind: int
    body: bytes
    raw: bytes


class Frames:
    """Collects bytes, hands out messages. ``limit`` bounds the length field, in bytes."""

    __slots__ = ("_buffer", "_limit")

    def __init__(self, *, limit: int) -> None:
        self._buffer = bytearray()
        self._limit = limit

    def __len__(self) -> int:
        """Tell how many bytes wait."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Add bytes as they come."""
        self._buffer += data

    def drain(self) -> bytes:
        """Take every byte that waits, whole messages or not."""
        waiting = bytes(self._buffer)
        self._buffer.clear()
        return waiting

    def next(self) -> Frame | None:
        """Take the next whole message, or None. Raises WireError for a length out of bounds."""
        if len(self._buffer) < HEADER:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer, 1)
        if not 4 <= length <= self._limit:  # noqa: PLR2004 - the length field itself
            raise WireError(
                f"A message's length is out of bounds; at most {self._limit} bytes are taken."
            )
        if len(self._buffer) < length + 1:
            return None
        raw = bytes(self._buffer[: length + 1])
        del self._buffer[: length + 1]
        return Frame(raw[0], raw[HEADER:], raw)

    def first(self) -> bytes | None:
        """Take a whole message that has no type byte, as the first of a connection; its body."""
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer, 0)
        if not 8 <= length <= self._limit:  # noqa: PLR2004 - the length and a code
            raise WireError(
                f"The first message's length is out of bounds; at most {self._limit} bytes are "
                "taken. Is this a Postgres client?"
            )
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[4:length])
        del self._buffer[:length]
        return body
