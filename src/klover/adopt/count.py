"""How many rows a difference is about: counted where a table is small, else estimated and said so.

Rows are counted by the same conditions that doors are compiled from. Nothing but a number is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import sql

from klover.catalog import TableName
from klover.door.condition import Condition, Reads, identifier, not_restricted
from klover.policy.difference import Counted, Difference, Direction
from klover.policy.resolved import Resolved, RowsShown
from klover.policy.sight import see
from klover.store.connect import Connection
from klover.store.sql import statements

EXACT = 1_000_000
"""Tables that the server takes to be larger are estimated by its planner."""


def count(
    connection: Connection, old: Resolved, new: Resolved, differences: Iterable[Difference]
) -> tuple[Difference, ...]:
    """Fill ``rows`` of each difference that is about rows of a table somebody sees.

    For a column they are the rows in which it would be seen, or was; for rows of a table those
    that are seen on one side only. What cannot be counted keeps None.
    """
    counting = _Counting(connection, old, new)
    return tuple(
        replace(one, rows=counting.rows(one)) if one.table is not None and one.audience else one
        for one in differences
    )


class _Counting:
    """Counts each condition of each table once."""

    def __init__(self, connection: Connection, old: Resolved, new: Resolved) -> None:
        self._connection = connection
        self._sides = (old, new)
        self._known: dict[tuple[TableName, str], Counted | None] = {}

    def rows(self, difference: Difference) -> Counted | None:
        table = difference.table
        assert table is not None  # noqa: S101 - asked for such only
        widens = difference.direction is not Direction.TIGHTENS
        more, less = (1, 0) if widens else (0, 1)
        condition = self._seen(more, table, difference.audience or "")
        if difference.column is None:
            condition = _without(condition, self._seen(less, table, difference.audience or ""))
        return self._count(table, condition)

    def _seen(self, side: int, table: TableName, audience: str) -> Condition:
        """Tell the condition of the rows that an audience sees on one side."""
        resolved = self._sides[side]
        who = resolved.policy.audiences.get(audience)
        if who is None or table not in resolved.tables:
            return False
        kind = see(resolved, who)[table].rows
        if kind is RowsShown.PUBLIC:
            return not_restricted(resolved, table, Reads())
        return kind is RowsShown.ALL

    def _count(self, table: TableName, condition: Condition) -> Counted | None:
        if condition is False:
            return Counted(rows=0, exact=True)
        where = sql.SQL("true") if condition is True else condition
        assert isinstance(where, sql.Composable)  # noqa: S101 - both flags are dealt with
        key = (table, where.as_string(None))
        if key not in self._known:
            self._known[key] = self._ask(table, where)
        return self._known[key]

    def _ask(self, table: TableName, where: sql.Composable) -> Counted | None:
        known = self._sides[1].catalog.tables.get(table)
        parts = {"table": identifier(table), "condition": where}
        if known is None or known.estimated_rows <= EXACT:
            found = self._run("count", parts)
            if found is not None:
                return Counted(rows=int(found), exact=True)
        plan = self._run("estimate", parts)
        if plan is None:
            return None
        return Counted(rows=int(plan[0]["Plan"]["Plan Rows"]), exact=False)

    def _run(self, name: str, parts: Mapping[str, sql.Composable]) -> Any:
        """Run one query that writes nothing; None where Postgres refuses it or takes too long."""
        queries = statements("klover.adopt", "count.sql")
        try:
            with self._connection.transaction():
                self._connection.execute(queries["careful"])
                self._connection.execute(queries["patience"])
                query = queries[name].format(**parts).as_string(None)
                row = self._connection.execute(query.encode()).fetchone()
        except psycopg.Error:
            return None  # the server's words may hold values
        return row[0] if row else None


def _without(more: Condition, less: Condition) -> Condition:
    """Tell the rows of one condition that another leaves out."""
    if more is False or less is True:
        return False
    if less is False:
        return more
    assert isinstance(less, sql.Composable)  # noqa: S101 - both flags are dealt with
    left_out = sql.SQL("(({}) is not true)").format(less)
    if more is True:
        return left_out
    assert isinstance(more, sql.Composable)  # noqa: S101 - the same
    return sql.SQL("({}) and {}").format(more, left_out)
