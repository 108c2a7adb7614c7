"""Computed columns that tell less than what they are computed from, on purpose: ``coarse_of``.

A column that the database computes, or that a view shows, may not be seen more widely than its
sources. Where it is coarse by itself (a year of birth, a flag), the policy says of which sources,
by name: whatever else the column is made from, today or after a change, is held against it still.
"""

from collections.abc import Iterator

from klover.catalog import Column, Table, TableName, dotted
from klover.policy.faults import Faults
from klover.policy.model import ColumnRule, TableRule
from klover.policy.predicate import words_of
from klover.policy.reading import nearest


def coarse_of(table: Table, rule: ColumnRule) -> frozenset[str]:
    """Tell the sources that the policy says a column is coarse of, as ``sources`` calls them."""
    if not table.is_view:
        return frozenset(rule.coarse_of)
    return frozenset(_source(text) for text in rule.coarse_of)


def sources(table: Table, column: Column) -> tuple[str, ...]:
    """List what a column is or may be made from: own columns, of a view ``table.column``."""
    if table.is_view:
        return tuple(f"{name}.{read}" for name, read in table.reads)
    if not column.generated:
        return ()
    read = words_of(column.default or "")
    return tuple(
        each.name for each in table.columns if each.name in read and each.name != column.name
    )


def refuse_coarse_of(rule: TableRule, table: Table, faults: Faults) -> None:
    """Refuse it of a column that is stored, and of what the column is not made from."""
    for name, said in rule.columns.items():
        column = table.column(name)
        if column is None or not said.coarse_of:
            continue
        for fault in _misfits(table, column, said):
            faults.add(f"Column {rule.name}.{name}: `coarse_of` {fault}", said.line)


def _misfits(table: Table, column: Column, said: ColumnRule) -> Iterator[str]:
    if not column.generated and not table.is_view:
        yield "is for columns that are computed from others; this one is stored. Take it out."
        return
    made_from = sources(table, column)
    for name in sorted(coarse_of(table, said) - set(made_from)):
        yield f"names {name}, which it is not computed from{nearest(name, made_from)}"


def _source(text: str) -> str:
    parts = dotted(text)
    if len(parts) < 2:  # noqa: PLR2004 - a column has its table before it
        return text
    *schema, table, column = parts
    return f"{TableName('.'.join(schema) or 'public', table)}.{column}"
