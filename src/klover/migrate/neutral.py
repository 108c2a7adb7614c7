"""What stands in a stub or a guest where a column's own value may not.

NULL where it may be, else the policy's ``stub:`` text, else a value of the type that says nothing:
an empty text, zero, the epoch, false, the first label of an enum. A unique column gets a value
made from the row's key, which is there anyway. Whether CHECK constraints accept it is found out
beforehand by ``trial``.
"""

from collections.abc import Mapping, Sequence

from psycopg import sql

from klover.catalog import Column
from klover.migrate.pieces import cast_to, key_text, listed, plain_type
from klover.policy.model import ColumnRule

_VALUES: Mapping[str, str] = {
    "text": "",
    "character varying": "",
    "character": "",
    "bpchar": "",
    "name": "",
    "smallint": "0",
    "integer": "0",
    "bigint": "0",
    "numeric": "0",
    "real": "0",
    "double precision": "0",
    "money": "0",
    "boolean": "false",
    "date": "1970-01-01",
    "timestamp without time zone": "1970-01-01 00:00:00",
    "timestamp with time zone": "1970-01-01 00:00:00+00",
    "time without time zone": "00:00",
    "time with time zone": "00:00+00",
    "interval": "0",
    "json": "{}",
    "jsonb": "{}",
    "inet": "0.0.0.0",  # noqa: S104 - a value, no address to listen on
    "cidr": "0.0.0.0/32",
    "macaddr": "00:00:00:00:00:00",
    "bytea": "",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "xml": "",
    "tsvector": "",
    "tsquery": "",
    "point": "(0,0)",
}
_FROM_KEY = frozenset({"text", "character varying", "name"})


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
    kind = plain_type(column)
    if unique:
        return _unique(column, kind, sql.SQL("({})").format(key_text(alias, key)))
    value = _plain(column, kind)
    return None if value is None else cast_to(sql.Literal(value), column)


def _plain(column: Column, kind: str) -> str | None:
    if column.enum_labels:
        return column.enum_labels[0]
    if column.element_type is not None or kind.endswith("multirange"):
        return "{}"
    return "empty" if kind.endswith("range") else _VALUES.get(kind)


def _unique(column: Column, kind: str, key: sql.Composed) -> sql.Composed | None:
    if kind in _FROM_KEY:
        return cast_to(sql.SQL("'klover:' || {}").format(key), column)
    if kind == "uuid":
        return cast_to(sql.SQL("md5('klover:' || {})").format(key), column)
    if kind == "bytea":
        return cast_to(sql.SQL("convert_to('klover:' || {}, 'UTF8')").format(key), column)
    return None
