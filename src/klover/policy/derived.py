"""What columns that are made from others tell of people: generated ones, and those of views.

No key stands on a view and a number looks harmless, so a copy of somebody's key would be shown in
clear where the key itself is not. Where the file leaves ``identifies`` open, such a column
identifies as much as what it is made from. Which column a view's own comes from is not in the
catalog: one of the same name, else any of a like type that the view reads.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from klover.catalog import Column, TableName
from klover.policy.model import Identifies
from klover.policy.neutral import bare_type
from klover.policy.predicate import words_of
from klover.policy.resolved import TracedTable

_RANK = tuple(Identifies)
_NUMBERS = frozenset({"smallint", "integer", "bigint"})
Tables = Mapping[TableName, TracedTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A column that another is, or may be, made from."""

    name: str
    """``table.column``."""
    identifies: Identifies


def derived(tables: Tables) -> Tables:
    """Tell the same tables, with what columns made from others were left open to say."""
    computed = {name: _veiled(traced, tables) for name, traced in tables.items()}
    return {
        name: _veiled(traced, computed) if traced.table.is_view else traced
        for name, traced in computed.items()
    }


def telling(traced: TracedTable, column: Column, tables: Tables) -> tuple[Source, ...]:
    """List what a column is or may be made from and that identifies somebody."""
    read = _computed(traced, column) if column.generated else _read(traced, column, tables)
    return tuple(one for one in read if one.identifies is not Identifies.NO)


def _veiled(traced: TracedTable, tables: Tables) -> TracedTable:
    columns = dict(traced.columns)
    for column in traced.table.columns:
        rule = columns[column.name]
        if rule.identifies_stated or rule.identifies is not Identifies.NO:
            continue
        found = telling(traced, column, tables)
        if found:
            most = max((one.identifies for one in found), key=_RANK.index)
            columns[column.name] = replace(rule, identifies=most)
    return replace(traced, columns=columns)


def _computed(traced: TracedTable, column: Column) -> Iterator[Source]:
    read = words_of(column.default or "")
    for name, rule in traced.columns.items():
        if name in read and name != column.name:
            yield Source(name=f"{traced.name}.{name}", identifies=rule.identifies)


def _read(traced: TracedTable, column: Column, tables: Tables) -> Iterable[Source]:
    found = [
        (other, Source(name=f"{table}.{name}", identifies=tables[table].columns[name].identifies))
        for table, name in traced.table.reads
        if table in tables and (other := tables[table].table.column(name)) is not None
    ]
    same = [source for other, source in found if other.name == column.name]
    return same or [source for other, source in found if _alike(other, column)]


def _alike(one: Column, other: Column) -> bool:
    kinds = {bare_type(each.element_type or each.base_type) for each in (one, other)}
    return len(kinds) == 1 or kinds <= _NUMBERS
