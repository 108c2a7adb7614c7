"""The real Recorder: one writer's spool, numbered, chained, made durable in groups.

``append`` orders an event in memory; ``flush`` writes everything appended with one write and one
fdatasync. The writer signs its *head* (how many records, the hash of the last) with its own key,
at most once a second during flushes, when asked by ``sign_head`` and at ``close``; the sequencer
merges what a head covers and nothing else. Whoever holds the log's key cannot drop or add a record.

After any failure the writer refuses for good: what it had not made durable is cut off, and the
next ``open`` finds whole records only. One process writes a spool at a time (a lock).
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from klover.errors import RecordError, VerifyError
from klover.event import Event
from klover.log.durable import Failpoint, lock, no_failpoint, write_all, write_file
from klover.log.spool import (
    HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    Position,
    decode_header,
    encode_header,
    encode_record,
    read_records,
)
from klover.tlog.key import SignerKey
from klover.tlog.leaf import (
    LOG_WRITER,
    SALT_BYTES,
    Head,
    check_writer,
    commit,
    encode_payload,
    record_leaf,
)
from klover.tlog.note import open_note, sign_note

RECORDS, HEAD, VKEY, MERGED, LOCK = "records", "head", "vkey", "merged", "lock"
_TRIM_BYTES = 8 << 20
_STOPPED = "The record can no longer be kept; see the first error, then start again."


class SpoolWriter:
    """Implements ``klover.event.Recorder``. Positions go on counting where the last run ended."""

    def __init__(
        self,
        *,
        folder: Path,
        writer: str,
        key: SignerKey,
        salt: Callable[[int], bytes],
        clock: Callable[[], float],
        head_seconds: float,
        failpoint: Failpoint,
    ) -> None:
        """Use ``open``."""
        self._folder, self._writer, self._key = folder, writer, key
        self._salt, self._clock, self._failpoint = salt, clock, failpoint
        self._head_seconds = head_seconds
        self._head_due = clock()
        self._signed = -1
        self._pending = bytearray()
        self._broken = False
        self._lock = lock(folder / LOCK, f"the spool of the writer {writer}")
        self._file = -1
        self._durable = self._here = Position()

    @classmethod
    def open(
        cls,
        directory: Path,
        writer: str,
        key: SignerKey,
        *,
        salt: Callable[[int], bytes] = os.urandom,
        clock: Callable[[], float] = time.monotonic,
        head_seconds: float = 1.0,
        failpoint: Failpoint = no_failpoint,
    ) -> "SpoolWriter":
        """Open or make ``writer``'s spool in ``directory``; cut off what a crash left half done.

        Raises RecordError when another process has it, when its key is another, or when records
        are missing that its own head counts.
        """
        if check_writer(writer) == LOG_WRITER:
            raise RecordError(f"The name {LOG_WRITER!r} is the sequencer's own.")
        folder = directory / writer
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = cls(
                folder=folder,
                writer=writer,
                key=key,
                salt=salt,
                clock=clock,
                head_seconds=head_seconds,
                failpoint=failpoint,
            )
        except OSError as error:
            raise _refused(error, folder) from None
        try:
            opened._recover()
        except BaseException:
            opened._release()
            raise
        return opened

    def append(self, event: Event) -> int:
        """Order ``event``; returns its position. Nothing is durable yet."""
        return self.append_payload(encode_payload(event.payload()))

    def append_payload(self, payload: bytes) -> int:
        """Order a payload that is encoded already (``klover.tlog.leaf.encode_payload``)."""
        if self._broken:
            raise RecordError(_STOPPED)
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise RecordError(f"A record may have {MAX_PAYLOAD_BYTES} bytes at most.")
        here = self._here
        salt = self._salt(SALT_BYTES)
        leaf = record_leaf(self._writer, here.seq, here.prev, commit(salt, payload))
        frame = encode_record(leaf, salt, payload)
        self._pending += frame
        self._here = Position(
            seq=here.seq + 1, prev=sha256(leaf).digest(), offset=here.offset + len(frame)
        )
        return here.seq

    def flush(self) -> int:
        """Make everything appended durable; returns how many positions are."""
        if self._broken:
            raise RecordError(_STOPPED)
        if self._pending:
            try:
                self._failpoint("append")
                write_all(self._file, self._pending)
                self._failpoint("fdatasync")
                os.fdatasync(self._file)
            except OSError as error:
                self._stop()
                raise _refused(error, self._folder) from None
            self._pending.clear()
            self._durable = self._here
            if self._clock() >= self._head_due:
                self.sign_head()
        return self._durable.seq

    def sign_head(self) -> None:
        """Sign how far the durable records go; cheap when nothing is new. Call it when idle."""
        if self._broken:
            raise RecordError(_STOPPED)
        self._head_due = self._clock() + self._head_seconds
        try:
            if self._signed != self._durable.seq:
                here = self._durable
                head = Head(writer=self._writer, count=here.seq, last=here.prev)
                note = sign_note(head.text, self._key).encode()
                write_file(self._folder / HEAD, note, self._failpoint)
                self._signed = head.count
            self._trim()
        except OSError as error:
            self._stop()
            raise _refused(error, self._folder) from None

    def close(self) -> None:
        """Flush, sign the head, and let the spool go. Closing twice does nothing."""
        if self._file < 0:
            return
        try:
            if not self._broken:
                self.flush()
                self.sign_head()
        finally:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _recover(self) -> None:
        """Read the spool, cut its torn end, check it against the head, and sign where it ends."""
        path = self._folder / RECORDS
        try:
            self._admit_key()
            if not path.exists():
                write_file(path, encode_header(Position()), self._failpoint)
            data = path.read_bytes()
            here = decode_header(data)
            for record in read_records(data[HEADER_BYTES:], self._writer, here):
                here = record.after
            self._check_head(here)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
            if here.offset < len(data):
                self._failpoint("cut")
                os.ftruncate(self._file, here.offset)
            os.fsync(self._file)
            self._durable = self._here = here
            self.sign_head()
        except OSError as error:
            raise _refused(error, self._folder) from None
        except VerifyError as error:
            raise RecordError(f"The spool of the writer {self._writer}: {error}") from None

    def _admit_key(self) -> None:
        path = self._folder / VKEY
        vkey = self._key.verifier.vkey + "\n"
        if not path.exists():
            write_file(path, vkey.encode(), self._failpoint)
        elif path.read_text(encoding="ascii") != vkey:
            raise RecordError(f"The writer {self._writer} has signed with another key before.")

    def _check_head(self, found: Position) -> None:
        path = self._folder / HEAD
        if path.exists():
            head = Head.parse(open_note(path.read_bytes(), self._key.verifier).text)
            if head.count > found.seq or (head.count == found.seq and head.last != found.prev):
                raise RecordError(
                    f"The spool of the writer {self._writer} holds {found.seq} records, but its "
                    f"head counts {head.count}: restore the spool before recording goes on."
                )
            self._signed = head.count

    def _trim(self) -> None:
        """Begin a new file once the old one is large and the log holds all of it."""
        merged = self._folder / MERGED
        if self._durable.offset < _TRIM_BYTES or self._pending or not merged.exists():
            return
        if merged.read_bytes() != b"%d\n" % self._durable.seq:
            return
        start = Position(seq=self._durable.seq, prev=self._durable.prev)
        write_file(self._folder / RECORDS, encode_header(start), self._failpoint)
        os.close(self._file)
        self._file = os.open(self._folder / RECORDS, os.O_WRONLY | os.O_APPEND)
        self._durable = self._here = start

    def _stop(self) -> None:
        """Refuse from now on, and cut off what did not become durable."""
        self._broken = True
        self._pending.clear()
        with suppress(OSError):
            os.ftruncate(self._file, self._durable.offset)

    def _release(self) -> None:
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1
        self._broken = True


def _refused(error: OSError, folder: Path) -> RecordError:
    return RecordError(f"The record cannot be kept in {folder}: {error.strerror}.")
