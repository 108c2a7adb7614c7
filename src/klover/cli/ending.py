"""How a command that cannot go on ends: one sentence, one exit code.

What the product knows is told by its own errors. Two kinds of fault can come from anywhere, a disk
or file that refuses and a database that went away; they are told here without a trace, because the
driver's own words may hold values. Everything else is a bug of ours and shows whole.
"""

import errno
import os
import signal
from types import FrameType

from klover.errors import InputError, KloverError, PolicyError, StoreError
from klover.policy.faults import PolicyErrors

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_GONE = ("08", "57P")


def told(error: BaseException) -> KloverError | None:
    """Tell ``error`` as one of the product's own; None where it is a bug of ours."""
    if isinstance(error, PolicyErrors):
        return _first(error)
    if isinstance(error, KloverError):
        return error
    if isinstance(error, OSError):
        return _file(error)
    return _database(error)


def misused(error: BaseException) -> InputError | None:
    """Tell the command line's own complaint about how it was called, with the way to help."""
    complaint = getattr(error, "format_message", None)
    if complaint is None:
        return None
    text, context = complaint(), getattr(error, "ctx", None)
    if "\n" in text:  # a group without a command: its list
        return InputError(text)
    end = "" if text.endswith((".", "?")) else "."
    command = context.command_path if context is not None else "klover"
    return InputError(f"{text}{end} See `{command} --help`.")


def _first(several: PolicyErrors) -> PolicyError:
    """Tell the first fault that has a line, and where the others are listed."""
    first = next((error for error in several.errors if error.line), several.errors[0])
    left = len(several.errors) - 1
    more = f"{left} more are" if left > 1 else "One more is"
    message = f"{first.message} {more} listed by `klover policy check` with --dsn."
    return PolicyError(message, file=first.file, line=first.line)


def _file(error: OSError) -> KloverError | None:
    where = f" at {os.fsdecode(error.filename)}" if error.filename else ""
    if error.errno in _FULL:
        return KloverError(
            f"There is no room left{where}: {error.strerror}. Make room and run the same command "
            "again."
        )
    if error.errno in _REFUSED and error.filename:
        return InputError(
            f"Cannot use {os.fsdecode(error.filename)}: {error.strerror}. Check the path and who "
            "may write there."
        )
    return None


def _database(error: BaseException) -> KloverError | None:
    import psycopg  # only now: a command that needs no database starts without it

    if not isinstance(error, psycopg.Error):
        return None
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        right = error.diag.message_primary or "permission denied"  # names objects, never values
        return InputError(f"A right is missing in the database: {right}. Nothing was changed.")
    if isinstance(error, psycopg.errors.DiskFull):
        return StoreError(
            "A disk of the database is full; the step under way was undone as a whole. Make room "
            "and run the same command again."
        )
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08").startswith(_GONE):
        return StoreError(
            "The connection to the database was lost; the step under way was undone. Check that "
            "the server runs and run the same command again."
        )
    if error.sqlstate is not None:
        return StoreError(
            f"Postgres refused a statement with SQLSTATE {error.sqlstate}; the step under way was "
            "undone."
        )
    return None


def end_on_signals(*signals: signal.Signals) -> None:
    """End on ``signals`` as on Ctrl-C, so that everything is stopped and recorded.

    Name SIGINT too: a shell starts what it puts in the background with it ignored.
    """
    for each in signals:
        signal.signal(each, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
