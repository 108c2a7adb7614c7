"""What a column's class implies where the policy leaves ``identifies`` open.

Row keys and references to traced tables name a person's row: directly. Numbers, times, flags,
enumerated words and references to shared tables identify nobody by themselves. Everything else
(text, media, documents, addresses of machines, and types nobody listed here) does, directly,
until the policy says otherwise.
"""

from collections.abc import Mapping
from dataclasses import replace

from klover.catalog import Column, Table, TableName
from klover.policy.model import ColumnRule, DataClass, Identifies, PathRule, TableRule
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
    to_people, to_shared, several = set[str](), set[str](), set[str]()
    for reference in references:
        nobodys = rules[reference.target].shared and reference.when is None
        found = to_shared if nobodys else to_people if len(reference.columns) == 1 else several
        found.update(reference.columns)
    if not rule.shared:
        (to_people if len(key) == 1 else several).update(key)
    to_people |= several - to_shared  # one of several key columns may be nobody's
    return {
        column.name: _complete(
            rule.columns.get(column.name),
            shared=rule.shared,
            names_row=column.name in to_people,
            harmless=column.name in to_shared or is_harmless(column),
        )
        for column in table.columns
    }


def _complete(
    rule: ColumnRule | None, *, shared: bool, names_row: bool, harmless: bool
) -> ColumnRule:
    if rule is not None and rule.paths:
        rule = replace(rule, paths=tuple(_complete_part(part) for part in rule.paths))
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


def _complete_part(part: PathRule) -> PathRule:
    """Nobody knows what stands at a path of a document: until it is said, it identifies."""
    if part.rule.identifies_stated:
        return part
    return replace(part, rule=replace(part.rule, identifies=Identifies.DIRECTLY))


def is_harmless(column: Column) -> bool:
    """Tell whether values of the column's type identify nobody by themselves."""
    if column.type_kind == "e":
        return True
    bare = bare_type(column.element_type or column.base_type)
    return bare in _HARMLESS or bare in _RANGES
