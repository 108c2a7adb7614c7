"""Texts that spell a key: the proof's own writing of how they are compared with it."""

from psycopg import sql

from klover.catalog import Table

_DIGITS = "^(0|-?[1-9][0-9]{0,18})$"
_HEX = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_SPELL = {"text", "character varying", "character", "bpchar"}
_SPELT = {"smallint", "integer", "bigint", "uuid"}


def compared(value: str, mine: str, target: Table, name: str) -> sql.SQL:
    """Write ``value``, of the type ``mine``, as what a key of the target is compared with.

    A text that is no number or no uuid in the one way that Postgres prints it becomes NULL.
    """
    kind = next(each.base_type for each in target.columns if each.name == name)
    if mine.partition("(")[0].strip() not in _SPELL or kind not in _SPELT:
        return sql.SQL(value)
    bare = f'({value}::text collate "C")'
    if kind == "uuid":
        return sql.SQL(f"(case when {bare} ~ '{_HEX}' then {value}::text::uuid end)")
    low, high = -(2**63), 2**63 - 1
    return sql.SQL(
        f"(case when {bare} ~ '{_DIGITS}' then case when {value}::text::numeric"
        f" between {low} and {high} then {value}::text::bigint end end)"
    )


def type_of(table: Table, name: str, *, element: bool = False) -> str:
    """Tell a column's type behind its domain, or that of its elements."""
    column = next(each for each in table.columns if each.name == name)
    return (column.element_type or "") if element else column.base_type
