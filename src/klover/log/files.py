"""A log's published files, read: checkpoint, tiles, bundles, entries with their payloads.

Nothing here is trusted; ``verify`` decides that. A partial tile may have been replaced by the
full one, so that is the fallback (https://c2sp.org/tlog-tiles#partial-tiles).
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klover.errors import InputError, VerifyError
from klover.log.payload import Stored, read_payloads
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.leaf import Leaf, commit
from klover.tlog.merkle import HASH_BYTES
from klover.tlog.note import Note
from klover.tlog.tile import WIDTH, Tile, bundle_path, bundle_width, decode_bundle

CHECKPOINT = "checkpoint"
WRITERS, HEAD, NEXT_HEAD = "writers", "head", "head.next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry with its payload as parsed JSON (None when it is erased or not in this copy)."""

    index: int
    leaf: Leaf
    payload: dict[str, Any] | None

    @property
    def kind(self) -> str:
        """What kind of fact it is; the log's own kinds are ``writer-admitted`` and ``erasure``."""
        if self.leaf.admits is not None:
            return "writer-admitted"
        if self.leaf.erases is not None:
            return "erasure"
        return str((self.payload or {}).get("kind", "erased"))


class LogFiles:
    """Reads the files of the log in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def checkpoint(self) -> bytes:
        """Read the published checkpoint. Raises InputError where there is no log."""
        try:
            return (self.directory / CHECKPOINT).read_bytes()
        except OSError:
            raise InputError(
                f"There is no log in {self.directory}: it has no file named checkpoint."
            ) from None

    def tile(self, tile: Tile) -> bytes:
        """Read a tile's hashes."""
        whole = Tile(level=tile.level, index=tile.index)
        data = self._read(tile.path, whole.path)
        return data if len(data) < tile.width * HASH_BYTES else data[: tile.width * HASH_BYTES]

    def bundle(self, index: int, size: int) -> list[bytes]:
        """Read the entries of bundle ``index`` in a log of ``size`` entries."""
        width = bundle_width(index, size)
        entries = decode_bundle(self._read(bundle_path(index, width), bundle_path(index)))
        if len(entries) < width:
            raise VerifyError(f"{bundle_path(index, width)} holds {len(entries)} entries.")
        return entries[:width]

    def entry(self, index: int, size: int) -> bytes:
        """Read one entry. Raises InputError where the log has none of that number."""
        if not 0 <= index < size:
            raise InputError(f"There is no entry {index}; the log has {size}, counted from 0.")
        return self.bundle(index // WIDTH, size)[index % WIDTH]

    def payloads(self, bundle: int) -> dict[int, Stored]:
        """Read the payloads beside a bundle."""
        return read_payloads(self.directory, bundle)

    def heads(self, writer: str) -> tuple[bytes, ...]:
        """Read the signed heads of a writer: the next one (while a merge is published), the last.

        In this order: the next head takes the place of the last once the checkpoint is out.
        """
        found: list[bytes] = []
        for name in (NEXT_HEAD, HEAD):
            with suppress(OSError):
                found.append((self.directory / WRITERS / writer / name).read_bytes())
        return tuple(found)

    def _read(self, *paths: str) -> bytes:
        for path in paths:
            try:
                return (self.directory / path).read_bytes()
            except OSError:
                continue
        raise VerifyError(f"{paths[0]} is missing.")


def payload_body(payload: bytes) -> dict[str, Any]:
    """Read a payload's JSON. Raises VerifyError where it is not an object."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise VerifyError("it is not a JSON object.")
    return body


def open_payload(commitment: bytes, salt: bytes, payload: bytes) -> dict[str, Any]:
    """Read a payload that was committed to. Raises VerifyError when it is another one."""
    if commit(salt, payload) != commitment:
        raise VerifyError("it is not the one that its writer committed to.")
    return payload_body(payload)


def list_entries(
    directory: Path, *, kind: str | None = None, session: str | None = None
) -> Iterator[Entry]:
    """List entries in order, with filters by kind and by session. Nothing is verified here."""
    files = LogFiles(directory)
    size = Checkpoint.parse(Note.parse(files.checkpoint()).text).size
    for bundle in range(-(-size // WIDTH)):
        stored = files.payloads(bundle)
        for offset, data in enumerate(files.bundle(bundle, size)):
            index = bundle * WIDTH + offset
            one = stored.get(index)
            body = payload_body(one.payload) if one and one.payload is not None else None
            entry = Entry(index=index, leaf=Leaf.parse(data), payload=body)
            if kind not in {None, entry.kind}:
                continue
            if session is None or (body or {}).get("session") == session:
                yield entry
