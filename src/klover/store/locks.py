"""Locks of others, waited for briefly: whoever only looks at a database ends with a word.

Some of what a catalog tells (a default's expression, a view's query, a plan) opens the table it
is of, and waits while somebody alters that table, for as long as it takes.
https://www.postgresql.org/docs/18/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.sql import statements

SECONDS = 3.0
"""A lock held for longer is a migration's or a forgotten session's, not a statement's."""
_FEW = 3


@contextmanager
def brief_locks(connection: Connection) -> Iterator[None]:
    """Wait ``SECONDS`` at most for a lock, in one transaction; a limit that is set already stays.

    Raises StoreError, with the tables that somebody holds.
    """
    if connection.execute("select current_setting('lock_timeout')").fetchone() != ("0",):
        with connection.transaction():
            yield
        return
    try:
        with connection.transaction():
            _limit(connection, f"{SECONDS * 1000:.0f}ms")
            yield
            _limit(connection, "0")  # a transaction around this one goes on without a limit
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(
            f"Somebody else's work holds a lock on {_held(connection)}, so the database "
            f"{connection.info.dbname} cannot be read (waited {SECONDS:g} s). Nothing was "
            "changed; run the same command again when that is done."
        ) from error


def _limit(connection: Connection, value: str) -> None:
    connection.execute("select set_config('lock_timeout', %s, true)", (value,))


def _held(connection: Connection) -> str:
    query = statements("klover.store", "inspect.sql")["held"]
    names = [name for (name,) in connection.execute(query)]
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more if names else "a table"
