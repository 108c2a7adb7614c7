"""What stands in a stub or a guest where a column's own value may not.

NULL where it may be, else the policy's ``stub:`` text, else a value of the type that says nothing:
an empty text, zero, the epoch, false, the first label of an enum. A unique column gets a value
made from the row's key, which is there anyway. Whether CHECK constraints accept it is found out
beforehand by ``trial``.
"""

from collections.abc import Mapping, Sequence
from typing import LiteralString

from psycopg import sql

from klover.catalog import Column
from klover.migrate.pieces import cast_to, key_text, listed
from klover.policy.model import ColumnRule
from klover.policy.neutral import bare_type, has_neutral_key, neutral_value

_MADE_FROM_KEY: Mapping[str, LiteralString] = {
    "uuid": "md5('klover:' || {})",
    "bytea": "convert_to('klover:' || {}, 'UTF8')",
}


def neutral(
    column: Column, rule: ColumnRule, *, alias: str, key: Sequence[str], unique: bool
) -> sql.Composed | None:
    """Tell the value for ``column`` in the row ``alias``; None where only ``stub:`` can tell it."""
    if rule.stub is not None:
        pieces: list[sql.Composable] = []
        for number, part in enumerate(rule.stub.split("{key}")):
            if number:
                pieces.append(sql.SQL("({})").format(key_text(alias, key)))
            pieces.append(sql.SQL("{}::text").format(sql.Literal(part)))
        return cast_to(listed(pieces, " || "), column)
    if not column.not_null:
        return cast_to(sql.SQL("null"), column)
    if unique:
        return _unique(column, sql.SQL("({})").format(key_text(alias, key)))
    value = neutral_value(column)
    return None if value is None else cast_to(sql.Literal(value), column)


def _unique(column: Column, key: sql.Composed) -> sql.Composed | None:
    if not has_neutral_key(column):
        return None
    template = _MADE_FROM_KEY.get(bare_type(column.base_type), "'klover:' || {}")
    return cast_to(sql.SQL(template).format(key), column)
