"""Files that survive a crash: atomic replacement, settled folders, exclusive locks.

A file is written under another name, made durable, and renamed; a reader sees the old bytes or
the new. A rename is durable once its folder is: ``Batch.settle`` does that for many files at once.
A failpoint is called with a step's name before each step, so that tests can end the process there.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from klover.errors import RecordError

Failpoint = Callable[[str], None]

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def no_failpoint(step: str) -> None:
    """Let every step pass."""


class Batch:
    """Writes files atomically and remembers which folders are to be made durable."""

    def __init__(self, failpoint: Failpoint = no_failpoint) -> None:
        self._failpoint = failpoint
        self._folders: set[Path] = set()

    def write(self, path: Path, data: bytes) -> None:
        """Replace ``path``; durable after ``settle``. Raises OSError."""
        self.make_folder(path.parent)
        temporary = path.with_name(path.name + ".new")
        self._failpoint(f"write {path.name}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
            try:
                write_all(descriptor, data)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            self._failpoint(f"rename {path.name}")
            temporary.rename(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        self._folders.add(path.parent)

    def make_folder(self, folder: Path) -> None:
        """Make a folder with its parents, for the owner only."""
        if not folder.is_dir():
            self.make_folder(folder.parent)
            with suppress(FileExistsError):
                folder.mkdir(mode=FOLDER_MODE)
            self._folders.add(folder.parent)

    def settle(self) -> None:
        """Make every rename so far durable."""
        self._failpoint("settle")
        for folder in sorted(self._folders):
            sync_folder(folder)
        self._folders.clear()


def write_file(path: Path, data: bytes, failpoint: Failpoint = no_failpoint) -> None:
    """Replace one file durably and atomically."""
    batch = Batch(failpoint)
    batch.write(path, data)
    batch.settle()


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    """Write every byte, or raise OSError."""
    written = 0
    while written < len(data):
        with memoryview(data) as view, view[written:] as rest:
            written += os.write(descriptor, rest)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(path: Path, what: str) -> int:
    """Take an exclusive lock that ends with the process; returns the descriptor that holds it.

    Raises RecordError when another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RecordError(f"Another process holds {what}; stop it first.") from None
    return descriptor
