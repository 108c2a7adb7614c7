"""Tiles and entry bundles of C2SP tlog-tiles: paths, encodings, and a tree read from tiles.

A tile holds up to 256 consecutive hashes of one level; level 0 are leaf hashes, each hash above
is the root of a full tile below. Entry bundles hold the entries themselves, each with its length
in two bytes. https://c2sp.org/tlog-tiles
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from klover.errors import VerifyError
from klover.tlog.merkle import HASH_BYTES, perfect_root, range_root

WIDTH = 256
MAX_ENTRY_BYTES = 65535
_LENGTH = struct.Struct(">H")
_THOUSAND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Where a tile stands; ``width`` is 256 for a full one, less for a partial one."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's prefix."""
        return f"tile/{self.level}/{_number(self.index)}{_suffix(self.width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Tell the path of an entry bundle below the log's prefix."""
    return f"tile/entries/{_number(index)}{_suffix(width)}"


def tile_at(level: int, index: int, size: int) -> Tile:
    """Tell the tile ``index`` of ``level`` with the width it has in a tree of ``size`` leaves."""
    width = min(WIDTH, (size >> (8 * level)) - index * WIDTH)
    if index < 0 or width <= 0:
        raise VerifyError(f"A tree of {size} entries has no tile {index} at level {level}.")
    return Tile(level=level, index=index, width=width)


def tiles_of(size: int) -> Iterable[Tile]:
    """List every tile of a tree of ``size`` leaves, lowest level first."""
    level = 0
    while size >> (8 * level):
        for index in range(-(-(size >> (8 * level)) // WIDTH)):
            yield tile_at(level, index, size)
        level += 1


def bundle_width(index: int, size: int) -> int:
    """Tell how many entries bundle ``index`` holds in a tree of ``size`` leaves."""
    return tile_at(0, index, size).width


def split_hashes(data: bytes) -> list[bytes]:
    """Cut concatenated hashes apart."""
    if len(data) % HASH_BYTES:
        raise VerifyError("A tile's length must be a multiple of 32 bytes.")
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries with their lengths."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise VerifyError(f"An entry may have {MAX_ENTRY_BYTES} bytes at most.")
        parts += (_LENGTH.pack(len(entry)), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """Read the entries of a bundle; refuses one that is cut off or too long."""
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        start = position + _LENGTH.size
        if start > len(data):
            raise VerifyError("An entry bundle is cut off.")
        (length,) = _LENGTH.unpack_from(data, position)
        position = start + length
        if position > len(data):
            raise VerifyError("An entry bundle is cut off.")
        entries.append(data[start:position])
    if len(entries) > WIDTH:
        raise VerifyError("An entry bundle holds more than 256 entries.")
    return entries


class TileTree:
    """The hashes of a tree of ``size`` leaves, read from its tiles by ``read`` as needed.

    Nothing it tells is trusted by itself: proofs made from it are checked against a root.
    """

    def __init__(self, *, size: int, read: Callable[[Tile], bytes]) -> None:
        self.size = size
        self._read = read
        self._hashes: dict[tuple[int, int], list[bytes]] = {}

    def subtree(self, level: int, index: int) -> bytes:
        """Tell the hash of a complete subtree (see ``klover.tlog.merkle``)."""
        rows, height = divmod(level, 8)
        tile, offset = divmod(index << height, WIDTH)
        hashes = self._tile(rows, tile)
        return perfect_root(hashes[offset : offset + (1 << height)])

    def root(self) -> bytes:
        """Compute the root from the tiles at the tree's right edge."""
        return range_root(self.subtree, 0, self.size)

    def _tile(self, level: int, index: int) -> list[bytes]:
        known = self._hashes.get((level, index))
        if known is None:
            tile = tile_at(level, index, self.size)
            known = split_hashes(self._read(tile))
            if len(known) != tile.width:
                raise VerifyError(f"{tile.path} holds {len(known)} hashes instead of {tile.width}.")
            self._hashes[level, index] = known
        return known


def _number(index: int) -> str:
    text = f"{index % _THOUSAND:03d}"
    while index := index // _THOUSAND:
        text = f"x{index % _THOUSAND:03d}/{text}"
    return text


def _suffix(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"
