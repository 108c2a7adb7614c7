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

    __slots__ = ("_at", "_data", "_limit")

    def __init__(self, *, limit: int) -> None:
        self._data = b""
        self._at = 0
        self._limit = limit

    def __len__(self) -> int:
        """Tell how many bytes wait."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Add bytes as they come."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def drain(self) -> bytes:
        """Take every byte that waits, whole messages or not."""
        waiting = self._data[self._at :]
        self._data, self._at = b"", 0
        return waiting

    def next(self) -> Frame | None:
        """Take the next whole message, or None. Raises WireError for a length out of bounds."""
        data, at = self._data, self._at
        if len(data) - at < HEADER:
            return None
        (length,) = _LENGTH.unpack_from(data, at + 1)
        if not 4 <= length <= self._limit:  # noqa: PLR2004 - the length field itself
            raise WireError(
                f"A message's length is out of bounds; at most {self._limit} bytes are taken."
            )
        end = at + length + 1
        if len(data) < end:
            return None
        self._at = end
        return Frame(data[at], data[at + HEADER : end], data[at:end])

    def first(self) -> bytes | None:
        """Take a whole message that has no type byte, as the first of a connection; its body."""
        if len(self) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._data, self._at)
        if not 8 <= length <= self._limit:  # noqa: PLR2004 - the length and a code
            raise WireError(
                f"The first message's length is out of bounds; at most {self._limit} bytes are "
                "taken. Is this a Postgres client?"
            )
        if len(self) < length:
            return None
        begin, self._at = self._at + _LENGTH.size, self._at + length
        return self._data[begin : self._at]
