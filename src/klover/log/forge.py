"""Makes false copies of a log, for demonstrations and tests: what a thief could show.

Two kinds, and neither passes. ``tampered_copy`` changes a record and hopes that nobody looks.
``rewritten_copy`` is what the holder of the log's stolen key can do: leave records out or change
them, write a whole new log that is consistent in itself, admit writers' keys of the thief's own
making, and sign it with the real key. Only what others signed can tell: the overseer's cosignature
and the writers' real keys. Nothing here touches the original.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from klover.errors import InputError
from klover.log.files import CHECKPOINT, Entry, LogFiles, list_entries, payload_body
from klover.log.keys import make_key
from klover.log.payload import Stored, encode_payloads, payload_path
from klover.log.sequence import Log
from klover.log.writer import SpoolWriter
from klover.tlog.key import SignerKey
from klover.tlog.leaf import encode_payload
from klover.tlog.note import Note
from klover.tlog.tile import WIDTH

PRIVATE = ("spool", "state", "lock")


def copy_published(directory: Path, target: Path) -> Path:
    """Copy what a verifier needs: checkpoint, tiles, heads and payloads; returns ``target``."""
    shutil.copytree(directory, target, ignore=lambda folder, _: _private(folder, directory))
    return target


def tampered_copy(directory: Path, target: Path, index: int) -> Path:
    """Copy the log and change the payload of entry ``index`` in the copy; returns ``target``."""
    copy_published(directory, target)
    stored = LogFiles(target).payloads(index // WIDTH)
    one = stored.get(index)
    if one is None or one.payload is None:
        raise InputError(f"Entry {index} has no payload that could be changed.")
    payload = encode_payload({**payload_body(one.payload), "altered": True})
    stored[index] = Stored(salt=one.salt, payload=payload)
    (target / payload_path(index // WIDTH)).write_bytes(encode_payloads(stored))
    return target


def rewritten_copy(
    directory: Path, target: Path, stolen: SignerKey, keep: Callable[[Entry], bool]
) -> Path:
    """Write a log anew from the records that ``keep`` lets stand, signed with the stolen key.

    The copy is consistent in itself. The original's cosignatures are pasted under its checkpoint,
    as a thief would; they do not fit. Returns ``target``.
    """
    entries = [entry for entry in list_entries(directory) if keep(entry)]
    _write_anew(target, stolen, entries)
    real = Note.parse(LogFiles(directory).checkpoint())
    false = Note.parse(LogFiles(target).checkpoint())
    pasted = [s for s in real.signatures if not s.by(stolen.verifier)]
    (target / CHECKPOINT).write_bytes(false.with_signatures(pasted).encode())
    return target


def _write_anew(target: Path, stolen: SignerKey, entries: Iterable[Entry]) -> None:
    writers: dict[str, SpoolWriter] = {}
    for entry in entries:
        if entry.payload is None:
            continue
        name = entry.leaf.writer
        if name not in writers:
            writers[name] = SpoolWriter.open(target / "spool", name, make_key(f"writer/{name}"))
        writers[name].append_payload(encode_payload(entry.payload))
    for writer in writers.values():
        writer.close()
    log = Log.open(target, stolen.name, stolen)
    log.integrate()
    log.close()
    for name in PRIVATE:
        path = target / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _private(folder: str, directory: Path) -> tuple[str, ...]:
    return PRIVATE if Path(folder) == directory else ()
