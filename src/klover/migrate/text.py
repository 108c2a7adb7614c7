"""Every text that some rows hold, as COPY blocks: plain columns, strings in JSON, array elements.

Numbers, dates, enums and booleans are left out; everything else has a text form and counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from psycopg import sql

from klover.catalog import Column
from klover.migrate.frames import blocks
from klover.migrate.pieces import equal, listed, plain_type, temporary
from klover.migrate.shape import Shape
from klover.store.connect import Connection
from klover.store.sql import statements

_NOT_TEXT = frozenset(
    {
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
        "money",
        "boolean",
        "date",
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
        "interval",
        "oid",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which rows of ``t``: more joins and a condition."""

    join: sql.Composable
    condition: sql.Composable


EVERYTHING = Scope(join=sql.SQL(""), condition=sql.SQL("true"))


def inside(shape: Shape) -> Scope:
    """Choose the rows that are inside."""
    join = sql.SQL("join {} as m on {} and m.klover_state > 0").format(
        temporary("member", shape.index), equal("t", shape.key, "m", shape.key)
    )
    return Scope(join=join, condition=EVERYTHING.condition)


def outside(shape: Shape) -> Scope:
    """Choose the rows that are not: somebody outside's only, and nobody's."""
    condition = sql.SQL("not exists (select from {} as m where {} and m.klover_state > 0)").format(
        temporary("member", shape.index), equal("t", shape.key, "m", shape.key)
    )
    return Scope(join=EVERYTHING.join, condition=condition)


def inside_not_public(shape: Shape) -> Scope:
    """Choose the rows that are inside and do not stay outside as public ones."""
    condition = sql.SQL("not exists (select from {} as x where {} and x.klover_public)").format(
        temporary("stub", shape.index), equal("t", shape.key, "x", shape.key)
    )
    return Scope(join=inside(shape).join, condition=condition)


def stubs(shape: Shape, *, public: bool = False) -> Scope:
    """Choose the rows of which something stays; only public ones if asked."""
    join = sql.SQL("join {} as g on {}").format(
        temporary("stub", shape.index), equal("t", shape.key, "g", shape.key)
    )
    return Scope(join=join, condition=sql.SQL("g.klover_public" if public else "true"))


def text(
    connection: Connection,
    table: sql.Composable,
    columns: Iterable[Column],
    scope: Scope = EVERYTHING,
) -> Iterator[bytes]:
    """Tell the text in these columns of these rows, in blocks."""
    queries = statements("klover.migrate", "residue.sql")
    chosen = [column for column in columns if _has_text(column)]
    if not chosen:
        return
    parts = {"table": table, "join": scope.join, "condition": scope.condition}
    values = listed(sql.Identifier("t", column.name) for column in chosen)
    yield from blocks(connection, queries["plain"].format(values=values, **parts))
    for column in chosen:
        if column.element_type is not None:
            kind = "array"
        elif plain_type(column) == "jsonb":
            kind = "json"
        else:
            continue
        value = sql.Identifier("t", column.name)
        yield from blocks(connection, queries[kind].format(value=value, **parts))


def _has_text(column: Column) -> bool:
    if column.element_type is not None:
        return column.element_type not in _NOT_TEXT
    return not column.enum_labels and plain_type(column) not in _NOT_TEXT
