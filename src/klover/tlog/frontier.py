"""The right edge of a growing tree: what is needed to append leaves and to tell the root.

For each level it keeps the hashes of the partial tile. Appending returns the tiles that changed,
so the sequencer writes exactly those. The value never changes; growing makes a new one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from klover.tlog.merkle import fold, perfect_root
from klover.tlog.tile import WIDTH, Tile, split_hashes, tile_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """A tree of ``size`` leaves; ``tails[level]`` are the hashes of its partial tile there."""

    size: int = 0
    tails: tuple[tuple[bytes, ...], ...] = ()

    @classmethod
    def load(cls, size: int, read: Callable[[Tile], bytes]) -> "Frontier":
        """Read the edge of a tree of ``size`` leaves from its partial tiles."""
        tails: list[tuple[bytes, ...]] = []
        level = 0
        while count := size >> (8 * level):
            index, width = divmod(count, WIDTH)
            hashes = split_hashes(read(tile_at(level, index, size))) if width else []
            tails.append(tuple(hashes))
            level += 1
        return cls(size=size, tails=tuple(tails))

    def grow(self, leaves: Sequence[bytes]) -> tuple["Frontier", list[tuple[Tile, bytes]]]:
        """Append leaf hashes; returns the new edge and every tile that is new or grew."""
        tails = list(self.tails)
        written: list[tuple[Tile, bytes]] = []
        fresh: Sequence[bytes] = leaves
        level = 0
        while fresh:
            if level == len(tails):
                tails.append(())
            row = [*tails[level], *fresh]
            first = self.size >> (8 * (level + 1))
            fresh = []
            for number, start in enumerate(range(0, len(row), WIDTH)):
                hashes = row[start : start + WIDTH]
                tile = Tile(level=level, index=first + number, width=len(hashes))
                written.append((tile, b"".join(hashes)))
                if len(hashes) == WIDTH:
                    fresh.append(perfect_root(hashes))
            tails[level] = tuple(row[len(row) - len(row) % WIDTH :])
            level += 1
        return Frontier(size=self.size + len(leaves), tails=tuple(tails)), written

    def root(self) -> bytes:
        """Compute the root hash."""
        peaks: list[bytes] = []
        for tail in reversed(self.tails):
            start = 0
            while rest := len(tail) - start:
                width = 1 << (rest.bit_length() - 1)
                peaks.append(perfect_root(tail[start : start + width]))
                start += width
        return fold(peaks)
