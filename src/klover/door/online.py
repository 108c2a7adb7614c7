"""Steps run one by one beside the application that works on the same tables.

Each is short or holds up nobody, and a lock is waited for briefly: whoever waits for one makes
everybody behind wait as long. What was done stays; whoever goes on reads from the catalog what is
left. One process at a time works on a database's doors.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from klover.catalog import TableName
from klover.door.condition import identifier
from klover.door.step import Step
from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.locks import limits
from klover.store.sql import statements

_PATIENCE = "5s"
_INDEX_PATIENCE = "60s"
"""An index that is made beside others' writes waits for their transactions, and holds up none."""
_LOCKED = {"55P03", "40P01"}
Progress = Callable[[TableName, int, int], None]
"""Called with a table, the pages of it that are done, and how many it has."""
_AGAIN = "What was done stays; run it again when the application is quieter."


@contextmanager
def alone_at_work(connection: Connection) -> Iterator[None]:
    """Hold the lock that ``apply`` takes, too. Raises StoreError where somebody has it."""
    got = connection.execute("select pg_try_advisory_lock(hashtext('klover doors'))").fetchone()
    if got != (True,):
        raise StoreError(
            "Somebody else is at work on these doors. Run it again when they are done."
        )
    limited = limits(connection)
    try:
        _wait_at_most(connection, _PATIENCE)
        for name in limited:
            connection.execute(sql.SQL("set {} = 0").format(sql.Identifier(name)))
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(f"Somebody else's work holds a lock that is needed. {_AGAIN}") from error
    finally:
        for name in (*limited, "lock_timeout"):
            connection.execute(sql.SQL("reset {}").format(sql.Identifier(name)))
        connection.execute("select pg_advisory_unlock(hashtext('klover doors'))")


@contextmanager
def short(connection: Connection) -> Iterator[None]:
    """Run what the block holds as one transaction, which has to be short."""
    with connection.transaction():
        connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_PATIENCE)))
        connection.execute("set local search_path = pg_catalog")
        connection.execute("set local client_min_messages = warning")
        yield


def run(connection: Connection, steps: Iterable[Step]) -> None:
    """Run steps in one transaction."""
    with short(connection):
        for step in steps:
            execute(connection, step)


def run_alone(connection: Connection, step: Step) -> None:
    """Run what no transaction may hold; an index that was not finished is made anew."""
    _wait_at_most(connection, _INDEX_PATIENCE)
    try:
        execute(connection, step)
    finally:
        _wait_at_most(connection, _PATIENCE)


def execute(connection: Connection, step: Step) -> int:
    """Run a step; tells how many rows it changed. Raises StoreError for what Postgres refuses."""
    try:
        return connection.execute(step.sql.encode()).rowcount
    except psycopg.errors.DiskFull:
        raise
    except psycopg.Error as error:
        if error.sqlstate in _LOCKED:
            raise StoreError(
                f"Somebody else's work holds a lock that is needed ({step.why}). {_AGAIN}"
            ) from error
        reason = (error.diag.message_primary or type(error).__name__).rstrip(".")
        raise StoreError(f"The preparation stopped: {reason} ({step.why}).") from error


def fill_pages(connection: Connection, step: Step) -> int:
    """Have triggers compute the rows that a step asks for; the application's own stay still."""
    connection.execute("set local session_replication_role = replica")
    return execute(connection, step)


def pages(connection: Connection, relation: TableName) -> int:
    """Tell how many pages a relation has."""
    query = statements("klover.door", "pseudonyms.sql")["size"]
    named = sql.Literal(identifier(relation).as_string(None))
    row = connection.execute(query.format(relation=named)).fetchone()
    return int(row[0]) if row is not None else 0


def _wait_at_most(connection: Connection, time: str) -> None:
    connection.execute(sql.SQL("set lock_timeout = {}").format(sql.Literal(time)))
