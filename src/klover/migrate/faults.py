"""One sentence for each thing that goes wrong in a database while people's rows move.

The server's own words are not repeated: they may hold values. What is named is the state code, the
table, the constraint or the right. The driver's error is not chained for the same reason.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from klover.errors import InputError, KloverError, SourceError, StoreError


@contextmanager
def told(source: str, cell: str) -> Iterator[None]:
    """Turn the driver's errors into sentences; ``source`` and ``cell`` name the two sides."""
    try:
        yield
    except psycopg.Error as error:
        raise sentence(error, source=source, cell=cell) from None


def sentence(error: psycopg.Error, *, source: str, cell: str) -> KloverError:
    """Tell what happened and what to do."""
    sides = f"the source {source} or the enclave (cell {cell})"
    if isinstance(error, errors.InsufficientPrivilege):
        return SourceError(
            f"A right is missing at {sides}: {_right(error)}. The migration's user needs to read, "
            "change and lock the tables, to create temporary tables and the schema klover, and to "
            "set session_replication_role. Nothing was changed by this step."
        )
    if isinstance(error, errors.DiskFull):
        return StoreError(
            "A disk is full; this step was undone as a whole. Make room and run the same "
            "command again."
        )
    if isinstance(error, errors.LockNotAvailable):
        return StoreError(
            f"A table of {sides} is locked by somebody else; nothing was changed. "
            "Run the same command again when it is free."
        )
    if isinstance(error, errors.IntegrityConstraintViolation | errors.IntegrityError):
        name = error.diag.constraint_name or error.diag.column_name or "a constraint"
        return InputError(
            f"{error.diag.table_name or 'A table'} refuses rows: {name}. This step was undone as "
            "a whole; compare the schemas with `klover migrate schema --check`."
        )
    if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
        return StoreError(
            f"The connection to {sides} was lost; what was done stays done, the step under way "
            "was undone. Run the same command again."
        )
    return StoreError(
        f"Postgres refused a statement with SQLSTATE {error.sqlstate}; this step was undone."
    )


def _right(error: psycopg.Error) -> str:
    """Tell the server's words about a right: they name objects, never values."""
    return error.diag.message_primary or "permission denied"
