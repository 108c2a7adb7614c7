"""What to look for after the erasure: restricted values of the people inside, as keyed digests.

A value that rows outside hold legitimately too (another person's, a shared table's, what a stub
keeps) cannot tell whether anything was left; it is taken out and counted. Memory is flat: beyond
two million every second digest is dropped, again and again, and the rate is told.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from klover.migrate import token
from klover.migrate.shape import Keep, Shape
from klover.migrate.snapshot import Snapshot, Tick
from klover.migrate.text import inside, inside_not_public, outside, stubs, text
from klover.policy.model import DataClass

DIGEST_BYTES = 8
MOST_NEEDLES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Needles:
    """What to look for. One in ``rate`` is kept; ``shared`` counts those also held outside."""

    salt: bytes
    rate: int
    shared: int
    digests: frozenset[bytes]

    def joined(self) -> bytes:
        """Tell all digests in order, for keeping."""
        return b"".join(sorted(self.digests))

    def among(self, parts: Iterable[bytes]) -> set[bytes]:
        """Tell the needles that are among these texts."""
        return digests(parts, self.salt) & self.digests


def from_joined(*, salt: bytes, rate: int, shared: int, joined: bytes) -> Needles:
    """Read what ``joined`` told."""
    size = DIGEST_BYTES
    parts = frozenset(joined[at : at + size] for at in range(0, len(joined), size))
    return Needles(salt=salt, rate=rate, shared=shared, digests=parts)


def collect(snapshot: Snapshot, *, salt: bytes, tick: Tick, most: int = MOST_NEEDLES) -> Needles:
    """Collect the values of everybody inside that may not stay, less those that may."""
    needles: set[bytes] = set()
    rate = 1
    shapes = list(snapshot.shapes.values())
    total = 2 * len(shapes)
    for number, shape in enumerate(shapes):
        tick(number, total)
        for block in _going(snapshot, shape):
            needles |= _one_in(rate, digests(token.values(block), salt))
            while len(needles) > most:
                rate *= 2
                needles = _one_in(rate, needles)
    every = len(needles)
    for number, shape in enumerate(shapes):
        tick(len(shapes) + number, total)
        for block in _staying(snapshot, shape):
            needles -= digests(token.tokens(block), salt)
    tick(total, total)
    return Needles(salt=salt, rate=rate, shared=every - len(needles), digests=frozenset(needles))


def digests(parts: Iterable[bytes], salt: bytes) -> set[bytes]:
    """Tell the keyed digests of texts."""
    made = hashlib.blake2b
    return {made(part, digest_size=DIGEST_BYTES, key=salt).digest() for part in parts}


def _one_in(rate: int, found: set[bytes]) -> set[bytes]:
    """Keep one in ``rate`` digests, always the same ones."""
    if rate == 1:
        return found
    return {digest for digest in found if int.from_bytes(digest) % rate == 0}


def _going(snapshot: Snapshot, shape: Shape) -> Iterator[bytes]:
    """Tell what may not stay: restricted columns, and public ones of rows that are not public."""
    if shape.shared:
        return
    every, rules = shape.traced.table.columns, shape.traced.columns
    # A restricted key too: it stays in stubs only, and ``_staying`` takes those out again.
    restricted = [c for c in every if rules[c.name].strictest is DataClass.RESTRICTED]
    taken = [c for c in every if shape.stub.keep[c.name] is not Keep.ALWAYS]
    hidden = [c for c in taken if rules[c.name].strictest is DataClass.PUBLIC]
    yield from text(snapshot.connection, shape.rows(), restricted, inside(shape))
    yield from text(snapshot.connection, shape.rows(), hidden, inside_not_public(shape))


def _staying(snapshot: Snapshot, shape: Shape) -> Iterator[bytes]:
    """Tell what may stay: shared tables, rows outside whole, what stubs keep."""
    source, every = snapshot.connection, shape.traced.table.columns
    if shape.shared:
        yield from text(source, shape.rows(), every)
        return
    keep = shape.stub.keep
    always = [column for column in every if keep[column.name] is Keep.ALWAYS]
    shown = [column for column in every if keep[column.name] is Keep.IF_PUBLIC]
    yield from text(source, shape.rows(), every, outside(shape))
    yield from text(source, shape.rows(), always, stubs(shape))
    yield from text(source, shape.rows(), shown, stubs(shape, public=True))
