"""Pieces of SQL that every step composes: relations, keys, equalities, public rows.

Names always go through the driver's quoting. The only texts taken as SQL are those the server
itself wrote (``format_type``) and the policy's ``public_rows``, which the policy room has checked.
"""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg import sql

from klover.catalog import Column, TableName
from klover.policy.model import Rows
from klover.policy.resolved import Resolved, TracedTable

OWN = "klover_own"
"""In ``rows_of``: whether the row's own predicate makes it public."""
PUBLIC = "klover_public"
STATE = "klover_state"

_TEXTS = ("text", "character varying", "character", "name", "bpchar", '"char"')


def relation(name: TableName) -> sql.Identifier:
    """Quote a table's full name."""
    return sql.Identifier(name.schema, name.name)


def temporary(kind: str, index: int) -> sql.Identifier:
    """Name the session's own table of a kind (member, guest, stub) for a table."""
    return sql.Identifier("pg_temp", f"klover_{kind}_{index}")


def trusted(text: str) -> sql.SQL:
    """Take text as SQL: for what the server wrote itself or the policy room has checked."""
    return sql.SQL(text)


def listed(parts: Iterable[sql.Composable], by: LiteralString = ", ") -> sql.Composed:
    """Join pieces."""
    return sql.SQL(by).join(parts)


def columns(alias: str, names: Iterable[str]) -> sql.Composed:
    """List ``alias.column`` for each name."""
    return listed(sql.Identifier(alias, name) for name in names)


def equal(
    left: str, left_columns: Sequence[str], right: str, right_columns: Sequence[str]
) -> sql.Composed:
    """Compare columns of two aliases pairwise."""
    return listed(
        (
            sql.SQL("{} = {}").format(sql.Identifier(left, one), sql.Identifier(right, other))
            for one, other in zip(left_columns, right_columns, strict=True)
        ),
        " and ",
    )


def present(alias: str, names: Iterable[str]) -> sql.Composed:
    """Say that no column is NULL."""
    return listed(
        (sql.SQL("{} is not null").format(sql.Identifier(alias, name)) for name in names), " and "
    )


def key_text(alias: str, key: Sequence[str]) -> sql.Composed:
    """Write a row's key as one text; U+001F stands between the parts of a composed one."""
    texts = [sql.SQL("{}::text").format(sql.Identifier(alias, name)) for name in key]
    return listed(texts, " || E'\\x1f' || ") if texts else sql.Composed([sql.SQL("''")])


def cast_to(expression: sql.Composable, column: Column) -> sql.Composed:
    """Cast to a column's type, as the catalog writes it."""
    return sql.SQL("cast({} as {})").format(expression, trusted(column.type))


def plain_type(column: Column) -> str:
    """Tell the type behind a domain, without its modifier: ``character varying``."""
    head, _, tail = column.base_type.partition("(")
    return head + tail.partition(")")[2] if tail else head


def ordered(alias: str, column: Column) -> sql.Composed:
    """Order by a column the same way on every server, whatever its collation."""
    name = sql.Identifier(alias, column.name)
    if column.portable_binary and column.type_kind != "e" and plain_type(column) not in _TEXTS:
        return sql.Composed([name])
    return sql.SQL('{}::text collate "C"').format(name)


def rows_of(traced: TracedTable) -> sql.Composed:
    """Tell a table's rows with one more column: whether the row is public by itself."""
    own: sql.Composable = sql.SQL("true")
    if traced.rule.public_rows is Rows.NONE:
        own = sql.SQL("false")
    elif traced.rule.public_rows is Rows.PREDICATE:
        own = sql.SQL("(({}) is true)").format(trusted(traced.rule.predicate or "false"))
    return sql.SQL("(select {name}.*, {own} as {column} from {table} as {name})").format(
        name=sql.Identifier(traced.name.name),
        own=own,
        column=sql.Identifier(OWN),
        table=relation(traced.name),
    )


def always_public(resolved: Resolved, traced: TracedTable) -> bool:
    """Tell whether every row of a table is public whatever stands in it."""
    return traced.rule.public_rows is Rows.ALL and all(
        always_public(resolved, resolved.tables[parent.target]) for parent in traced.parents
    )


def never_public(traced: TracedTable) -> bool:
    """Tell whether no row of a table is public."""
    return not traced.rule.shared and traced.rule.public_rows is Rows.NONE


def public(resolved: Resolved, traced: TracedTable, alias: str) -> sql.Composable:
    """Say whether a row of ``rows_of(traced)`` is public: by itself, and what it hangs off too."""
    if never_public(traced):
        return sql.SQL("false")
    if always_public(resolved, traced):
        return sql.SQL("true")
    parts: list[sql.Composable] = [sql.Identifier(alias, OWN)]
    for number, parent in enumerate(traced.parents):
        target = resolved.tables[parent.target]
        if always_public(resolved, target):
            continue
        inner = f"{alias}_{number}"
        held = sql.SQL("({}) in (select {} from {} as {} where {})").format(
            columns(alias, parent.columns),
            columns(inner, parent.target_columns),
            rows_of(target),
            sql.Identifier(inner),
            public(resolved, target, inner),
        )
        absent = [
            sql.SQL("{} is null").format(sql.Identifier(alias, name))
            for name in parent.columns
            if not _not_null(traced, name)
        ]
        parts.append(sql.SQL("({})").format(listed([*absent, held], " or ")) if absent else held)
    return listed(parts, " and ")


def _not_null(traced: TracedTable, name: str) -> bool:
    column = traced.table.column(name)
    return column is not None and column.not_null
