"""Pieces of SQL that every step composes: relations, keys, equalities, public rows.

Names always go through the driver's quoting. The only texts taken as SQL are those the server
itself wrote (``format_type``) and the policy's ``public_rows``, which the policy room has checked.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import LiteralString

from psycopg import sql

from klover.catalog import Column, TableName
from klover.policy.model import Rows
from klover.policy.resolved import Hop, Reference, Resolved, TracedTable

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
    left: str,
    left_columns: Sequence[str],
    right: str,
    right_columns: Sequence[str],
    texts: Collection[str] = (),
) -> sql.Composed:
    """Compare columns of two aliases pairwise; ``texts`` are those of the left that spell a key.

    Such a one is compared in text, byte by byte: nothing is cast that could fail and say a value.
    """
    return listed(
        (
            sql.SQL("{} = {}").format(
                *(as_text(side) if one in texts else side
                  for side in (sql.Identifier(left, one), sql.Identifier(right, other)))
            )
            for one, other in zip(left_columns, right_columns, strict=True)
        ),
        " and ",
    )  # fmt: skip


def as_text(value: sql.Composable) -> sql.Composed:
    """Write a value as text that is compared byte by byte."""
    return sql.SQL('({}::text collate "C")').format(value)


def leads(
    alias: str, key: Reference | Hop, target: str, columns: tuple[Sequence[str], Sequence[str]]
) -> sql.Composed:
    """Say that a key on ``alias`` leads to a row of ``target``; ``columns`` are both sides'."""
    ours, theirs = columns
    if key.element:
        one: sql.Composable = sql.Identifier(target, theirs[0])
        same = sql.SQL("{} = any({})").format(
            as_text(one) if key.texts else one, sql.Identifier(alias, ours[0])
        )
    else:
        same = equal(alias, ours, target, theirs, key.texts)
    return listed([*of_type(alias, key), same], " and ")


def refers(alias: str, reference: Reference, target: str) -> sql.Composed:
    """Say that a row refers to a row of ``target``: by its columns, an element, or its half."""
    return leads(alias, reference, target, (reference.columns, reference.target_columns))


def of_type(alias: str, key: Reference | Hop) -> list[sql.Composable]:
    """Say of one half of a pair that the row is of its type; nothing of other keys."""
    if key.when is None:
        return []
    by, value = key.when
    return [
        sql.SQL("coalesce({}::text = {}, false)").format(
            sql.Identifier(alias, by), sql.Literal(value)
        )
    ]


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


def rows_of(traced: TracedTable, *, alone: bool = False) -> sql.Composed:
    """Tell a table's rows with one more column: whether the row is public by itself.

    ``alone`` leaves out the rows of tables that inherit from it.
    """
    own: sql.Composable = sql.SQL("true")
    if traced.rule.public_rows is Rows.NONE:
        own = sql.SQL("false")
    elif traced.rule.public_rows is Rows.PREDICATE:
        own = sql.SQL("(({}) is true)").format(trusted(traced.rule.predicate or "false"))
    return sql.SQL("(select {name}.*, {own} as {column} from {only}{table} as {name})").format(
        only=sql.SQL("only " if alone else ""),
        name=sql.Identifier(traced.name.name),
        own=own,
        column=sql.Identifier(OWN),
        table=relation(traced.name),
    )


def always_public(resolved: Resolved, traced: TracedTable) -> bool:
    """Tell whether every row of a table is public whatever stands in it."""
    if traced.rule.shared:
        return True
    return traced.rule.public_rows is Rows.ALL and all(
        parent.when is None
        and not parent.element
        and not parent.texts
        and always_public(resolved, resolved.tables[parent.target])
        for parent in traced.parents
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
        inner = f"{alias}_{number}"
        if parent.when is not None:
            continue
        if parent.element:
            parts.append(_elements_public(resolved, parent, alias, inner))
            continue
        if always_public(resolved, resolved.tables[parent.target]) and not parent.texts:
            continue
        held = _held(resolved, parent, alias, inner)
        absent = _absent(traced, parent.columns, alias)
        parts.append(sql.SQL("({})").format(listed([*absent, held], " or ")) if absent else held)
    parts += _pairs_public(resolved, traced, alias)
    return listed(parts, " and ")


def _held(resolved: Resolved, parent: Reference, alias: str, inner: str) -> sql.Composable:
    target = resolved.tables[parent.target]
    spelt = [name in parent.texts for name in parent.columns]
    return sql.SQL("({}) in (select {} from {} as {} where {})").format(
        _sides(alias, parent.columns, spelt),
        _sides(inner, parent.target_columns, spelt),
        rows_of(target),
        sql.Identifier(inner),
        public(resolved, target, inner),
    )


def _sides(alias: str, names: Sequence[str], spelt: Sequence[bool]) -> sql.Composed:
    """List one side's columns, as text where the other's spell a key."""
    found = (sql.Identifier(alias, name) for name in names)
    return listed(as_text(each) if text else each for each, text in zip(found, spelt, strict=True))


def _elements_public(
    resolved: Resolved, parent: Reference, alias: str, inner: str
) -> sql.Composable:
    """Ask that the row of every element is public; NULL elements refer to nothing."""
    target, element = resolved.tables[parent.target], f"{inner}_e"
    return sql.SQL(
        "not exists (select from unnest({array}) as {element} (e) where {element}.e is not null"
        " and not exists (select from {rows} as {inner} where {theirs} = {element}.e"
        " and {public}))"
    ).format(
        array=sql.Identifier(alias, parent.columns[0]),
        element=sql.Identifier(element),
        rows=rows_of(target),
        inner=sql.Identifier(inner),
        theirs=_sides(inner, parent.target_columns, [bool(parent.texts)]),
        public=public(resolved, target, inner),
    )


def _pairs_public(resolved: Resolved, traced: TracedTable, alias: str) -> Iterator[sql.Composable]:
    """Ask of each pair that it is empty, or that the row of a listed type is public."""
    pairs: dict[tuple[str, ...], list[Reference]] = {}
    for parent in traced.parents:
        if parent.when is not None:
            pairs.setdefault((*parent.columns, parent.when[0]), []).append(parent)
    for number, ((*names, _by), halves) in enumerate(pairs.items()):
        ways: list[sql.Composable] = _absent(traced, names, alias)
        for at, half in enumerate(halves):
            known = of_type(alias, half)
            if half.texts or not always_public(resolved, resolved.tables[half.target]):
                known.append(_held(resolved, half, alias, f"{alias}_p{number}_{at}"))
            ways.append(sql.SQL("({})").format(listed(known, " and ")))
        yield sql.SQL("({})").format(listed(ways, " or "))


def _absent(traced: TracedTable, names: Iterable[str], alias: str) -> list[sql.Composable]:
    return [
        sql.SQL("{} is null").format(sql.Identifier(alias, name))
        for name in names
        if not _not_null(traced, name)
    ]


def _not_null(traced: TracedTable, name: str) -> bool:
    column = traced.table.column(name)
    return column is not None and column.not_null
