"""Counts of one day that no crash forgets: the file behind ``klover.gateway.daily``.

One file of records of a fixed size, each the whole count of one key; the last of a key holds::

    day 4 | key 32 | rows 8 | bytes 8 | CRC-32 4

A count is appended and made durable before anything it covers is released, so a record torn by a
crash covers nothing and is cut off; damage anywhere else stops the gateway. A later day begins the
file anew. Keys are digests: the file names nobody. One process writes it at a time (a lock).

Beside it stands a *word* that the enclave remembers, too, and that changes each time somebody
begins to count: by it the folder that goes on is told from another, and from an older copy. It goes
with the counts.
"""

import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from klover.errors import RecordError
from klover.log.durable import Failpoint, lock, no_failpoint, sync_folder, write_all, write_file

_BODY = struct.Struct(">I32sQQ")
_CRC = struct.Struct(">I")
RECORD_BYTES = _BODY.size + _CRC.size
_BEGINNING = date.min
_WORD = r"[0-9a-f]{32}"
_WORDS = re.compile(rf"{_WORD}( {_WORD})*\n")


class TallyFile:
    """Implements ``klover.gateway.daily.Tally``. After a failure it refuses for good."""

    def __init__(self, path: Path, *, failpoint: Failpoint = no_failpoint) -> None:
        """Open or make the file. Raises RecordError when it is damaged or another has it."""
        self._path, self._failpoint = path, failpoint
        self._broken = False
        self._file = -1
        self._day = _BEGINNING
        self.words: tuple[str, ...] = ()
        """Those by which the enclave may know these counts; none where they have just begun."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = lock(path.with_name(path.name + ".lock"), "the day's counts")
        except OSError as error:
            raise _refused(error, path) from None
        try:
            self._counts = self._load()
            self.words = self._read_words()
            self._open_anew()
        except OSError as error:
            self.close()
            raise _refused(error, path) from None
        except BaseException:
            self.close()
            raise

    def read(self) -> tuple[date, Mapping[bytes, tuple[int, int]]]:
        """Tell the day that is being counted, and (rows, bytes) by key."""
        return self._day, dict(self._counts)

    def put(self, day: date, key: bytes, rows: int, size: int) -> None:
        """Set a count, durable once this returns; a later day forgets the one before."""
        if self._broken or day < self._day:
            raise RecordError("The day's counts can no longer be kept; see the first error.")
        try:
            if day > self._day:
                self._day, self._counts = day, {key: (rows, size)}
                self._open_anew()
                return
            self._failpoint("append")
            write_all(self._file, encode(day, key, rows, size))
            self._failpoint("fdatasync")
            os.fdatasync(self._file)
        except OSError as error:
            self._broken = True
            raise _refused(error, self._path) from None
        self._counts[key] = (rows, size)

    def next_word(self) -> str:
        """Make a new word, durable beside those so far: a crash leaves one that is known."""
        word = secrets.token_hex(16)
        self._write_words((*self.words, word))
        return word

    def settle_word(self, word: str) -> None:
        """Keep the new word alone: the enclave knows it."""
        self._write_words((word,))

    def close(self) -> None:
        """Let the file go. Closing twice does nothing."""
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)
        self._file = self._lock = -1
        self._broken = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_words(self) -> tuple[str, ...]:
        path = self._path.with_name(self._path.name + ".word")
        if not self._path.exists():  # counts that somebody took away are known by no word
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
        if not path.exists():
            return ()
        text = path.read_bytes().decode("ascii", "replace")
        if _WORDS.fullmatch(text) is None:
            raise RecordError(
                f"The word of the day's counts in {path} is damaged; nobody is let in until it is "
                "restored, or removed and the counts begun anew with `klover up --count-anew`."
            )
        return tuple(text.split())

    def _write_words(self, words: tuple[str, ...]) -> None:
        path = self._path.with_name(self._path.name + ".word")
        try:
            write_file(path, f"{' '.join(words)}\n".encode(), self._failpoint)
        except OSError as error:
            raise _refused(error, path) from None
        self.words = words

    def _load(self) -> dict[bytes, tuple[int, int]]:
        counts: dict[bytes, tuple[int, int]] = {}
        data = self._path.read_bytes() if self._path.exists() else b""
        for day, key, rows, size in decode(data, self._path):
            if day > self._day:
                self._day, counts = day, {}
            counts[key] = (rows, size)
        return counts

    def _open_anew(self) -> None:
        """Write what holds now, and nothing else, to a new file in place of the old one."""
        records = [encode(self._day, key, *count) for key, count in self._counts.items()]
        write_file(self._path, b"".join(records), self._failpoint)
        if self._file >= 0:
            os.close(self._file)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)


def encode(day: date, key: bytes, rows: int, size: int) -> bytes:
    """Write one record."""
    body = _BODY.pack(day.toordinal(), key, rows, size)
    return body + _CRC.pack(zlib.crc32(body))


def decode(data: bytes, path: Path) -> Iterator[tuple[date, bytes, int, int]]:
    """Read records up to a torn one at the end. Raises RecordError for damage elsewhere."""
    for at in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        body, crc = data[at : at + _BODY.size], data[at + _BODY.size : at + RECORD_BYTES]
        if _CRC.unpack(crc)[0] != zlib.crc32(body):
            if at + 2 * RECORD_BYTES > len(data):
                return  # the last one: torn by a crash, nothing was released for it
            raise RecordError(
                f"The day's counts in {path} are damaged; nobody is let in until they are "
                "restored, or removed and begun anew with `klover up --count-anew`."
            )
        day, key, rows, size = _BODY.unpack(body)
        yield date.fromordinal(day), key, rows, size


def _refused(error: OSError, path: Path) -> RecordError:
    return RecordError(f"The day's counts cannot be kept in {path}: {error.strerror}.")
