"""The spool file of one writer: what its bytes mean. Writing it is ``writer``'s work.

A header tells the number of the first record and the hash before it; then record after record::

    state 1 | leaf length 2 | payload length 4 | CRC-32 4 | salt 32 | leaf | payload

The state is R (live) or E (erased). The CRC covers both lengths and the leaf; salt and payload are
covered by the leaf's commitment. Erasing sets the state and overwrites salt and payload with zeros
in place. Reading stops at the first record that does not fit its chain: after a crash that is the
torn end.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from klover.errors import VerifyError
from klover.tlog.leaf import FIRST, SALT_BYTES, Leaf, commit, record_leaf

_MAGIC = b"klover-spool/1\n\x00"
_HEADER = struct.Struct(">16sQ32sI")
_FRAME = struct.Struct(">cHII")
_LENGTHS = struct.Struct(">HI")
LIVE = b"R"
ERASED = b"E"
HEADER_BYTES = _HEADER.size
SALT_OFFSET = _FRAME.size
MAX_PAYLOAD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place between two records: what the next one must continue, and where it begins."""

    seq: int = 0
    prev: bytes = FIRST
    offset: int = HEADER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolRecord:
    """A record as read; ``payload`` is None when it was erased. ``after`` is where it ends."""

    leaf: bytes
    salt: bytes
    payload: bytes | None
    offset: int
    after: Position


def encode_header(start: Position) -> bytes:
    """Write the header of a spool whose first record continues ``start``."""
    body = _HEADER.pack(_MAGIC, start.seq, start.prev, 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "big")


def decode_header(data: bytes) -> Position:
    """Read the header: where the first record begins. Raises VerifyError."""
    if len(data) < HEADER_BYTES:
        raise VerifyError("A spool file is cut off in its header.")
    magic, seq, prev, crc = _HEADER.unpack_from(data)
    if magic != _MAGIC or zlib.crc32(data[: HEADER_BYTES - 4]) != crc:
        raise VerifyError("A spool file's header is damaged.")
    return Position(seq=seq, prev=prev)


def encode_record(leaf: bytes, salt: bytes, payload: bytes) -> bytes:
    """Write a live record."""
    lengths = _LENGTHS.pack(len(leaf), len(payload))
    crc = zlib.crc32(leaf, zlib.crc32(lengths)).to_bytes(4, "big")
    return b"".join((LIVE, lengths, crc, salt, leaf, payload))


def read_records(data: bytes | memoryview, writer: str, start: Position) -> Iterator[SpoolRecord]:
    """Read records that continue ``start``; ``data`` begins there. Stops at the first misfit."""
    view = memoryview(data)
    base, here = start.offset, start
    while record := _read(view[here.offset - base :], writer, here):
        yield record
        here = record.after


def _read(view: memoryview, writer: str, here: Position) -> SpoolRecord | None:
    if len(view) < _FRAME.size:
        return None
    state, leaf_length, payload_length, crc = _FRAME.unpack_from(view)
    leaf_at = _FRAME.size + SALT_BYTES
    payload_at = leaf_at + leaf_length
    end = payload_at + payload_length
    if payload_length > MAX_PAYLOAD_BYTES or len(view) < end:
        return None
    salt, leaf = bytes(view[_FRAME.size : leaf_at]), bytes(view[leaf_at:payload_at])
    payload = bytes(view[payload_at:end])
    if zlib.crc32(leaf, zlib.crc32(view[1 : 1 + _LENGTHS.size])) != crc:
        return None
    if state == ERASED and _continues(leaf, writer, here):
        kept = None
    elif state == LIVE and leaf == record_leaf(writer, here.seq, here.prev, commit(salt, payload)):
        kept = payload
    else:
        return None
    after = Position(seq=here.seq + 1, prev=sha256(leaf).digest(), offset=here.offset + end)
    return SpoolRecord(leaf=leaf, salt=salt, payload=kept, offset=here.offset, after=after)


def _continues(entry: bytes, writer: str, here: Position) -> bool:
    try:
        leaf = Leaf.parse(entry)
    except VerifyError:
        return False
    return (leaf.writer, leaf.seq, leaf.prev) == (writer, here.seq, here.prev)
