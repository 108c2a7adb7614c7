"""Writes additions to the tree's files: payloads, entry bundles, tiles.

Only what a commit will cover is written, and anything that an uncommitted run left is
overwritten. Partial tiles and bundles stay until the full one is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from klover.log.durable import Batch
from klover.log.files import LogFiles
from klover.log.payload import Stored, encode_payloads, payload_path
from klover.tlog.frontier import Frontier
from klover.tlog.merkle import leaf_hash
from klover.tlog.tile import WIDTH, bundle_path, encode_bundle, tiles_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A new entry; ``stored`` is its payload's line, None for an entry of the log's own."""

    leaf: bytes
    stored: Stored | None = None


def write_additions(
    files: LogFiles, frontier: Frontier, additions: Sequence[Addition], batch: Batch
) -> Frontier:
    """Write the files that ``additions`` change; returns the grown edge. Nothing is committed."""
    size = frontier.size
    end = size + len(additions)
    for bundle in range(size // WIDTH, -(-end // WIDTH)):
        start = bundle * WIDTH
        fresh = additions[max(start - size, 0) : start + WIDTH - size]
        first = max(start, size)
        old = files.bundle(bundle, size) if start < size else []
        _write_payloads(files, bundle, first, fresh, batch)
        entries = [*old, *(a.leaf for a in fresh)]
        batch.write(files.directory / bundle_path(bundle, len(entries)), encode_bundle(entries))
    grown, tiles = frontier.grow([leaf_hash(a.leaf) for a in additions])
    for tile, hashes in tiles:
        batch.write(files.directory / tile.path, hashes)
    batch.settle()
    return grown


def drop_partials(directory: Path, old: int, size: int) -> None:
    """Remove partial tiles and bundles whose full ones a commit has added."""
    for tile in tiles_of(size):
        if tile.width == WIDTH and (tile.index + 1) * WIDTH > old >> (8 * tile.level):
            rmtree(directory / f"{tile.path}.p", ignore_errors=True)
            if tile.level == 0:
                rmtree(directory / f"{bundle_path(tile.index)}.p", ignore_errors=True)


def _write_payloads(
    files: LogFiles, bundle: int, first: int, fresh: Sequence[Addition], batch: Batch
) -> None:
    """Add payloads to a bundle's file; lines from ``first`` on are of a run that never ended."""
    found = files.payloads(bundle)
    stored = {i: one for i, one in found.items() if i < first}
    added = {first + i: a.stored for i, a in enumerate(fresh) if a.stored is not None}
    if added or found:
        batch.write(files.directory / payload_path(bundle), encode_payloads({**stored, **added}))
