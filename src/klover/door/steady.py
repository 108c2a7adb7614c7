"""Whether a row condition answers alike whatever the session has set.

A view's condition is asked in the session that looks through it. A day out of a ``timestamptz`` is
told by the session's ``TimeZone``, which can be moved by a week; how a time, a number of floating
point or bytes read as text is the session's choice, too. Whoever looks could so choose which rows
show. Casts and comparisons that Postgres puts in by itself count as well, so Postgres is asked what
it made of the text: it is taken as a view that is never kept.
"""

import psycopg
from psycopg import sql

from klover.store.connect import Connection
from klover.store.sql import statements

_STEADY = (
    "now()",
    "transaction_timestamp()",
    "statement_timestamp()",
    "clock_timestamp()",
    "date_trunc(text,timestamp with time zone,text)",  # of a zone that is named; older servers
    'pg_typeof("any")',
    "enum_first(anyenum)",
    "enum_last(anyenum)",
    "enum_range(anyenum)",
    "enum_range(anyenum,anyenum)",
)  # fmt: skip
"""Functions that call themselves changeable, and that no setting changes."""
_WRITTEN_ALIKE = (
    '"char"', "bigint", "bit", "bit varying", "boolean", "character", "character varying", "cidr",
    "inet", "integer", "json", "jsonb", "macaddr", "macaddr8", "name", "numeric", "oid", "smallint",
    "text", "time without time zone", "uuid", "xml",
)  # fmt: skip
"""Types whose values read the same as text under every setting."""


def unsteady(connection: Connection, table: sql.Composable, text: str) -> tuple[str, ...]:
    """Tell what in a condition over ``table`` rests on settings of the session.

    Raises what Postgres says where it makes no view here: of a standby, of a role without the
    right to temporary objects.
    """
    queries = statements("klover.door", "steady.sql")
    view = queries["show"].format(table=table, text=sql.SQL(text))
    with connection.transaction(force_rollback=True):
        connection.execute(view)
        named = {"steady": list(_STEADY), "written_alike": list(_WRITTEN_ALIKE)}
        return tuple(str(row[0]) for row in connection.execute(queries["unsteady"], named))


CANNOT = (
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.RaiseException,  # an event trigger of the application that lets no DDL pass
)
"""Raised where a view cannot be made."""
