"""The conditions of ``public_rows``, shown to Postgres before anything is built on them.

Postgres parses each over its table without reading a row. What it does not take is a fault of the
policy, told with the line on which it stands; so is what a session could turn by its settings.
"""

from collections.abc import Iterable, Iterator

import psycopg
from psycopg import sql

from klover.door.condition import identifier
from klover.door.doors import Predicate
from klover.door.steady import CANNOT, unsteady
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
    connection: Connection, conditions: Iterable[Predicate], file: str, *, surely: bool = True
) -> Iterator[PolicyError]:
    """Tell each condition that no door can rest on; ``file`` is the policy's.

    Without ``surely``, settings are not asked about where the connection cannot: ``apply`` will.
    """
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
            yield from _turned(connection, condition, file, surely=surely)


def _turned(
    connection: Connection, condition: Predicate, file: str, *, surely: bool
) -> Iterator[PolicyError]:
    try:
        found = unsteady(connection, identifier(condition.table), condition.text)
    except CANNOT:
        if surely:
            raise
        return
    if found:
        yield PolicyError(
            f"`public_rows: {condition.text}` of {condition.table} rests on {', '.join(found)}: "
            "a session changes the answer by its settings, such as TimeZone, and could so make "
            "hidden rows show. Name the zone of each time (`made_at at time zone 'UTC'`, "
            "`now() at time zone 'UTC'`), and compare values as what they are, not as text.",
            file=file,
            line=condition.line,
        )
