"""How long work of ours may take: locks of others are waited for briefly, nothing else ends it.

Whoever only looks at a database ends with a word, and not by a limit that an administrator set for
the application's statements.

Some of what a catalog tells (a default's expression, a view's query, a plan) opens the table it
is of, and waits while somebody alters that table, for as long as it takes.
https://www.postgresql.org/docs/18/runtime-config-client.html#GUC-LOCK-TIMEOUT
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg

from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.sql import statements

SECONDS = 3.0
"""A lock held for longer is a migration's or a forgotten session's, not a statement's."""
_FEW = 3
_LIMITS = ["statement_timeout", "transaction_timeout", "idle_in_transaction_session_timeout"]


@contextmanager
def brief_locks(connection: Connection) -> Iterator[None]:
    """Wait ``SECONDS`` at most for a lock, in one transaction; a limit that is set already stays.

    Raises StoreError, with the tables that somebody holds.
    """
    if connection.execute("select current_setting('lock_timeout')").fetchone() != ("0",):
        with connection.transaction(), unlimited(connection):
            yield
        return
    try:
        with connection.transaction(), unlimited(connection):
            _set(connection, "lock_timeout", f"{SECONDS * 1000:.0f}ms")
            yield
            _set(connection, "lock_timeout", "0")  # a transaction around it goes on without one
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(
            f"Somebody else's work holds a lock on {_held(connection)}, so the database "
            f"{connection.info.dbname} cannot be read (waited {SECONDS:g} s). Nothing was "
            "changed; run the same command again when that is done."
        ) from error


@contextmanager
def unlimited(connection: Connection) -> Iterator[None]:
    """Run what the block holds, within a transaction, without the limits of time that are set."""
    before = limits(connection)
    for name in before:
        _set(connection, name, "0")
    yield
    for name, value in before.items():  # a transaction around this one goes on with them
        _set(connection, name, value)


def limits(connection: Connection) -> Mapping[str, str]:
    """Tell the limits of time that the server knows and that somebody has set."""
    query = "select n, current_setting(n, true) from unnest(%s::text[]) n"
    rows = connection.execute(query, (_LIMITS,)).fetchall()
    return {name: value for name, value in rows if value not in {None, "0"}}


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, true)", (name, value))


def _held(connection: Connection) -> str:
    query = statements("klover.store", "inspect.sql")["held"]
    names = [name for (name,) in connection.execute(query)]
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more if names else "a table"
