"""What spools hold that the log does not: the sequencer's reading side.

A spool is believed only as far as its writer's signed head goes, and only where every record
continues the chain. Anything else stops the merge with RecordError: it is never skipped.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from klover.errors import RecordError, VerifyError
from klover.log.spool import (
    ERASED,
    HEADER_BYTES,
    SALT_OFFSET,
    Position,
    SpoolRecord,
    decode_header,
    read_records,
)
from klover.log.writer import HEAD, RECORDS, VKEY
from klover.tlog.key import VerifierKey
from klover.tlog.leaf import FIRST, SALT_BYTES, Head, check_writer
from klover.tlog.note import open_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """How far a writer's chain is in the log, under which key, with the head that covers it."""

    vkey: str
    head: str
    count: int = 0
    prev: bytes = FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """New records of one writer, complete up to its head."""

    writer: str
    records: tuple[SpoolRecord, ...]
    merged: Merged


class Intake:
    """Reads the spools below ``directory``; remembers where it stopped in each."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stopped: dict[str, tuple[Position, Position]] = {}

    def deliveries(self, known: Mapping[str, Merged]) -> list[Delivery]:
        """Read what is new in every spool, by writer. Raises RecordError on a broken chain."""
        if not self._directory.is_dir():
            return []
        found: list[Delivery] = []
        for folder in sorted(self._directory.iterdir()):
            if not (folder / HEAD).exists():
                continue
            try:
                one = self._read(folder, known.get(folder.name))
            except VerifyError as error:
                raise RecordError(f"The spool of the writer {folder.name}: {error}") from None
            if one is not None:
                found.append(one)
        return found

    def erase(self, writer: str, seq: int) -> None:
        """Overwrite a record's salt and payload in the spool, where it is still there."""
        path = self._directory / writer / RECORDS
        if not path.exists():
            return
        with path.open("r+b", buffering=0) as file:
            data = file.read()
            for record in read_records(data[HEADER_BYTES:], writer, decode_header(data)):
                if record.after.seq != seq + 1:
                    continue
                payload_at = record.offset + SALT_OFFSET + SALT_BYTES + len(record.leaf)
                # The state goes first: salt and payload that are gone in part read as erased.
                for offset, zeros in (
                    (record.offset, ERASED),
                    (record.offset + SALT_OFFSET, bytes(SALT_BYTES)),
                    (payload_at, bytes(record.after.offset - payload_at)),
                ):
                    file.seek(offset)
                    file.write(zeros)
                os.fdatasync(file.fileno())
                return

    def _read(self, folder: Path, known: Merged | None) -> Delivery | None:
        writer = check_writer(folder.name)
        vkey = (folder / VKEY).read_text(encoding="ascii").removesuffix("\n")
        note = (folder / HEAD).read_bytes()
        if known is not None and known.vkey != vkey:
            raise VerifyError("its key is not the one that the log admitted.")
        head = Head.parse(open_note(note, VerifierKey.parse(vkey)).text)
        before = known or Merged(vkey=vkey, head="")
        if head.writer != writer or head.count < before.count:
            raise VerifyError("its head is another writer's, or counts less than the log holds.")
        if head.count == before.count and known is not None:
            return None
        records = self._new_records(folder, writer, before, head.count)
        prev = records[-1].after.prev if records else before.prev
        if len(records) != head.count - before.count or prev != head.last:
            there = before.count + len(records)
            raise VerifyError(f"its head counts {head.count} records; only {there} are there.")
        merged = Merged(vkey=vkey, head=note.decode(), count=head.count, prev=prev)
        return Delivery(writer=writer, records=records, merged=merged)

    def _new_records(
        self, folder: Path, writer: str, before: Merged, count: int
    ) -> tuple[SpoolRecord, ...]:
        with (folder / RECORDS).open("rb") as file:
            first = decode_header(file.read(HEADER_BYTES))
            begun, stopped = self._stopped.get(writer, (first, first))
            here = stopped if begun == first and stopped.seq <= before.count else first
            file.seek(here.offset)
            data = file.read()
        records: list[SpoolRecord] = []
        _continue(before, here)
        for record in read_records(data, writer, here):
            if record.after.seq > count:
                break
            here = record.after
            if here.seq > before.count:
                records.append(record)
            _continue(before, here)
        self._stopped[writer] = (first, here)
        return tuple(records)


def _continue(before: Merged, here: Position) -> None:
    if here.seq == before.count and here.prev != before.prev:
        raise VerifyError("it does not continue what the log holds.")
