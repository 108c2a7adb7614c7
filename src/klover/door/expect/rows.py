"""Which rows have to show, and what their conditions read: the proof's own reading of it."""

from collections.abc import Iterator

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.expect.spelt import compared, type_of
from klover.door.predicate import columns_used
from klover.errors import PolicyError
from klover.policy.model import Rows
from klover.policy.predicate import types_of
from klover.policy.resolved import Reference, Resolved, TracedTable

Terms = list[sql.Composable] | None
"""Every condition that a row has to meet to show; None where no row can."""
Columns = dict[TableName, set[str]]


def conditions(resolved: Resolved, name: TableName, found: Columns, seen: set[TableName]) -> None:
    """Gather what conditions on rows of ``name`` may read."""
    if name in seen:
        return
    seen.add(name)
    traced = resolved.tables[name]
    if traced.rule.public_rows is Rows.PREDICATE:
        found[name] |= columns_used(traced.rule.predicate or "", types_of(traced.table))
    for parent in traced.parents:
        found[name] |= set(parent.columns) | ({parent.when[0]} if parent.when else set())
        found[parent.target] |= set(parent.target_columns)
        conditions(resolved, parent.target, found, seen)


def row_terms(resolved: Resolved, traced: TracedTable, below: tuple[TableName, ...]) -> Terms:
    """Ask of a row that its own rule lets it show, and that each row it hangs off shows."""
    rule = traced.rule
    if traced.name in below:
        raise PolicyError(
            f"Rows of {traced.name} hang off themselves; break the ring with `hangs_off:`.",
            file=resolved.policy.file,
            line=rule.line,
        )
    if rule.shared:
        return []
    if rule.public_rows is Rows.NONE:
        return None
    terms: list[sql.Composable] = []
    if rule.public_rows is Rows.PREDICATE:
        text = rule.predicate or ""
        columns_used(text, types_of(traced.table))  # refuses what is not one expression
        terms.append(sql.SQL("({})").format(sql.SQL(text)))
    for made in _terms_above(resolved, traced, (*below, traced.name)):
        if made is None:
            return None
        terms.append(made)
    return terms


def _terms_above(
    resolved: Resolved, traced: TracedTable, above: tuple[TableName, ...]
) -> Iterator[sql.Composable | None]:
    """Ask it of each row it hangs off; None where that can never hold."""
    pairs: dict[str, list[Reference]] = {}
    for parent in traced.parents:
        if parent.when is not None:
            pairs.setdefault(f"{parent.columns} {parent.when[0]}", []).append(parent)
            continue
        target = row_terms(resolved, resolved.tables[parent.target], above)
        if parent.element:
            yield _each_element(resolved, traced, parent, target)
        elif target != [] or parent.texts:  # a text may be that of no row
            ways = [*_loose(traced, parent), *_held(resolved, traced, parent, target)]
            yield sql.SQL("({})").format(sql.SQL(" or ").join(ways)) if ways else None
    for halves in pairs.values():
        yield _either(resolved, traced, halves, above)


def _each_element(
    resolved: Resolved, traced: TracedTable, parent: Reference, target: Terms
) -> sql.Composable:
    """Ask that no element of an array leads to a row that is not there or does not show."""
    one = sql.Identifier(naming.element_alias(traced.name, parent.columns[0]))
    array = sql.Identifier(traced.name.name, parent.columns[0])
    start = sql.SQL("not exists (select from unnest({}) as {} (e) where {}.e is not null").format(
        array, one, one
    )
    if target is None:
        return sql.Composed([start, sql.SQL(")")])
    key = sql.Identifier(parent.target_columns[0])
    rest = sql.SQL(
        " and not exists (select from (select {} from {} where {}) as above where above.{} = {}))"
    ).format(
        key,
        identifier(parent.target),
        sql.SQL(" and ").join(target) if target else sql.SQL("true"),
        key,
        compared(
            f"{one.as_string(None)}.e",
            type_of(traced.table, parent.columns[0], element=True),
            resolved.tables[parent.target].table,
            parent.target_columns[0],
        ),
    )
    return sql.Composed([start, rest])


def _either(
    resolved: Resolved,
    traced: TracedTable,
    halves: list[Reference],
    above: tuple[TableName, ...],
) -> sql.Composable:
    """Ask of a pair that it holds no value, or that the row its type leads to shows."""
    table = traced.name.name
    ways: list[sql.Composable] = []
    ways += (sql.SQL("{} is null").format(sql.Identifier(table, n)) for n in halves[0].columns)
    for half in halves:
        target = row_terms(resolved, resolved.tables[half.target], above)
        if target is None or half.when is None:
            continue
        kind, value = half.when
        terms: list[sql.Composable] = [
            sql.SQL("{}::text = {}").format(sql.Identifier(table, kind), sql.Literal(value))
        ]
        if target or half.texts:
            terms += _held(resolved, traced, half, target)
        joined = sql.SQL(" and ").join(terms)
        ways.append(sql.SQL("({})").format(joined))
    return sql.SQL("({})").format(sql.SQL(" or ").join(ways))


def _loose(traced: TracedTable, parent: Reference) -> Iterator[sql.Composable]:
    """Let a row show whose reference is NULL: it hangs off nothing."""
    for name in parent.columns:
        column = traced.table.column(name)
        if column is None or not column.not_null:
            yield sql.SQL("{} is null").format(sql.Identifier(traced.name.name, name))


def _held(
    resolved: Resolved, traced: TracedTable, parent: Reference, above: Terms
) -> Iterator[sql.Composable]:
    """Ask that the row it hangs off is there, and shows."""
    if above is None:
        return
    pairs = zip(parent.columns, parent.target_columns, strict=True)
    target = resolved.tables[parent.target].table
    yield sql.SQL("exists (select from (select {} from {} where {}) as above where {})").format(
        sql.SQL(", ").join(map(sql.Identifier, parent.target_columns)),
        identifier(parent.target),
        sql.SQL(" and ").join(above) if above else sql.SQL("true"),
        sql.SQL(" and ").join(
            sql.SQL("above.{} = {}").format(
                sql.Identifier(theirs),
                compared(
                    sql.Identifier(traced.name.name, ours).as_string(None),
                    type_of(traced.table, ours),
                    target,
                    theirs,
                ),
            )
            for ours, theirs in pairs
        ),
    )


def identifier(table: TableName) -> sql.Identifier:
    """Quote a table's name with its schema."""
    return sql.Identifier(table.schema, table.name)
