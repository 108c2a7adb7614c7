"""The conditions of ``public_rows``, shown to Postgres before anything is built on them.

Postgres parses each over its table without reading a row. What it does not take is a fault of the
policy, told with the line on which it stands.
"""

from collections.abc import Iterable, Iterator

import psycopg
from psycopg import sql

from klover.door.condition import identifier
from klover.door.doors import Predicate
from klover.errors import PolicyError
from klover.policy.model import Rows
from klover.policy.resolved import Resolved
from klover.store.connect import Connection


def predicates(resolved: Resolved) -> tuple[Predicate, ...]:
    """List the conditions of a policy, table by table."""
    return tuple(
        Predicate(table=name, text=traced.rule.predicate or "", line=traced.rule.line)
        for name, traced in sorted(resolved.tables.items())
        if traced.rule.public_rows is Rows.PREDICATE and not traced.rule.shared
    )


def refused(
    connection: Connection, conditions: Iterable[Predicate], file: str
) -> Iterator[PolicyError]:
    """Tell each condition that Postgres does not take; ``file`` is the policy's."""
    for condition in conditions:
        query = sql.SQL("select from {table} where (({text}) is true)").format(
            table=identifier(condition.table),
            text=sql.SQL(condition.text),
        )
        try:
            with connection.transaction():
                text = sql.SQL("prepare klover_check as {}").format(query).as_string(None)
                connection.execute(text.encode())
        except (psycopg.errors.LockNotAvailable, psycopg.OperationalError):
            raise
        except psycopg.Error as error:
            reason = (error.diag.message_primary or type(error).__name__).rstrip(".")
            yield PolicyError(
                f"Postgres does not take `public_rows: {condition.text}` of {condition.table}: "
                f"{reason}.",
                file=file,
                line=condition.line,
            )
        else:
            connection.execute("deallocate klover_check")
