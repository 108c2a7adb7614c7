"""Counts who is at home where in a database, without a migration; everything is rolled back.

The same decision as a migration's, in one transaction that is never committed. The server's own
words are not repeated: they may hold values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
from psycopg.pq import TransactionStatus

from klover.errors import SourceError
from klover.migrate.addresses import Addresses
from klover.migrate.cohort import Tick, decide
from klover.migrate.plan import Homes
from klover.policy.resolved import Resolved
from klover.store.connect import Connection


def count_homes(
    connection: Connection, resolved: Resolved, on: date, addresses: Addresses | None, tick: Tick
) -> Homes:
    """Tell how many subjects each piece of evidence decides.

    Raises SourceError where a right is missing or the connection is lost.
    """
    with _sentences(), _never_kept(connection):
        return decide(connection, resolved, on, addresses, tick)


@contextmanager
def _never_kept(connection: Connection) -> Iterator[None]:
    connection.execute("begin transaction isolation level repeatable read")
    try:
        connection.execute("set local row_security = off")
        yield
    finally:
        if connection.info.transaction_status is TransactionStatus.ACTIVE:
            connection.close()  # stopped in the middle of a statement
        elif not connection.closed:
            connection.execute("rollback")


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        what = error.diag.message_primary or "permission denied"
        raise SourceError(
            f"A right is missing at the database: {what}. Counting homes reads the columns that "
            "the policy names and makes temporary tables; nothing was changed."
        ) from None
    except psycopg.Error as error:
        why = f"SQLSTATE {error.sqlstate}" if error.sqlstate else "the connection was lost"
        raise SourceError(
            f"The homes could not be counted ({why}); nothing was changed. Run the command again."
        ) from None
