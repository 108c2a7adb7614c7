"""Stand-ins for what no entry names: other columns, and all that a pattern declares.

Where no catalog tells the tables and columns, a pattern under ``defaults`` decides for columns that
nobody can list. So for each pattern a column stands in a table of its own, one of people's data and
one that is nobody's. Their names cannot be those of real tables: their schema has none.
"""

from collections.abc import Mapping
from dataclasses import replace

from klover.catalog import TableName
from klover.policy.model import Defaults, Path, Policy, TableRule

OTHER = "any other column"
"""Stands for every column that neither policy names."""
_LIKE = "columns like "
_ANY = TableName("", "any table")
_SHARED = TableName("", "any shared table")
_SOMEBODYS = (Path(steps=(), text="", line=0),)


def stand_ins(*policies: Policy) -> Mapping[TableName, tuple[str, ...]]:
    """Tell the tables that stand for those nobody names, each with its columns."""
    patterns = dict.fromkeys(
        _LIKE + default.pattern for policy in policies for default in policy.defaults.columns
    )
    by_pattern = any(one.rule.shared for policy in policies for one in policy.defaults.tables)
    shared = by_pattern or any(
        rule.shared for policy in policies for rule in policy.tables.values()
    )
    found = {
        _ANY: tuple(patterns),
        _SHARED: (*patterns, *((OTHER,) if by_pattern else ())) if shared else (),
    }
    return {name: columns for name, columns in found.items() if columns}


def entry(name: TableName, defaults: Defaults) -> TableRule:
    """Tell the rule of a table that stands for others: each column's is what its pattern says."""
    columns = {
        _LIKE + default.pattern: replace(default.rule, by=default.pattern)
        for default in defaults.columns
    }
    if name == _SHARED:
        return TableRule(name=name, shared=True, columns=columns)
    return TableRule(name=name, subjects=_SOMEBODYS, columns=columns)


def stands_in(table: TableName) -> bool:
    """Tell whether a table only stands for others."""
    return not table.schema


def many(column: str) -> bool:
    """Tell whether a column stands for others."""
    return column == OTHER or column.startswith(_LIKE)


def place(table: TableName, column: str) -> str:
    """Name a column of a table for people."""
    name = table.name if stands_in(table) else str(table)
    return f"{column} of {name}" if many(column) else f"{name}.{column}"
