"""What a column's class implies where the policy leaves ``identifies`` open.

Row keys and references to traced tables name a person's row: directly. Numbers, times, flags,
enumerated words and references to shared tables identify nobody by themselves. Everything else
(text, media, documents, addresses of machines, and types nobody listed here) does, directly,
until the policy says otherwise.
"""

from collections.abc import Mapping
from dataclasses import replace

from klover.catalog import Column, Table, TableName
from klover.policy.model import ColumnRule, DataClass, Identifies, TableRule
from klover.policy.neutral import bare_type
from klover.policy.resolved import Reference

_HARMLESS = frozenset(
    {
        "bigint",
        "boolean",
        "date",
        "double precision",
        "integer",
        "interval",
        "money",
        "numeric",
        "real",
        "smallint",
        "time with time zone",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
    }
)
_RANGES = frozenset({"daterange", "int4range", "int8range", "numrange", "tsrange", "tstzrange"})


def column_rules(
    table: Table,
    rule: TableRule,
    key: tuple[str, ...],
    references: tuple[Reference, ...],
    rules: Mapping[TableName, TableRule],
) -> Mapping[str, ColumnRule]:
    """Tell a complete rule for each column of ``table``, in its order."""
    to_people, to_shared = set[str](), set[str]()
    for reference in references:
        (to_shared if rules[reference.target].shared else to_people).update(reference.columns)
    own = set() if rule.shared else set(key)
    if len(key) > 1:  # one of several key columns, and nobody's
        own -= to_shared
    return {
        column.name: _complete(
            rule.columns.get(column.name),
            shared=rule.shared,
            names_row=column.name in own | to_people,
            harmless=column.name in to_shared or is_harmless(column),
        )
        for column in table.columns
    }


def _complete(
    rule: ColumnRule | None, *, shared: bool, names_row: bool, harmless: bool
) -> ColumnRule:
    if rule is not None and rule.identifies_stated:
        return rule
    if names_row or (not shared and rule is None):
        identifies = Identifies.DIRECTLY
    elif rule is None:
        identifies = Identifies.NO  # a shared table's column that the policy does not name
    else:
        nobodys = shared and rule.data_class is not DataClass.RESTRICTED
        identifies = Identifies.NO if harmless or nobodys else Identifies.DIRECTLY
    if rule is not None:
        return replace(rule, identifies=identifies)
    data_class = DataClass.RESTRICTED
    if shared:  # what a shared row says of whose row it refers to is never public by omission
        data_class = DataClass.INTEROPERABLE if names_row else DataClass.PUBLIC
    return ColumnRule(data_class=data_class, identifies=identifies)


def is_harmless(column: Column) -> bool:
    """Tell whether values of the column's type identify nobody by themselves."""
    if column.type_kind == "e":
        return True
    bare = bare_type(column.element_type or column.base_type)
    return bare in _HARMLESS or bare in _RANGES
