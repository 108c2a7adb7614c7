"""Keys that are written as text where they are referred to: the text read as what the key is.

A row that refers by a text is held against the key's own index, so the text is what becomes
another type. Only what the key's type itself would write is read, and nothing else is ever cast: a
cast that fails would say the value. Any other text reads as NULL, and so leads to no row.
"""

from collections.abc import Sequence

from psycopg import sql

from klover.catalog import Column
from klover.policy.neutral import bare_type

_NUMBER = sql.SQL(
    "case when {text} ~ '^(0|-?[1-9][0-9]{{0,18}})$' then"
    " case when {value}::text::numeric between -9223372036854775808 and 9223372036854775807"
    " then {value}::text::bigint end end"
)
"""A number of 19 digits may be too large for a ``bigint``; for a ``numeric`` none is."""
_UUID = sql.SQL(
    "case when {text} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'"
    " then {value}::text::uuid end"
)


def read_as(value: sql.Composable, key: Column) -> sql.Composed:
    """Read a text as a value of the key; NULL where it is not written as one."""
    form = _UUID if bare_type(key.base_type) == "uuid" else _NUMBER
    text = sql.SQL('({}::text collate "C")').format(value)
    return sql.SQL("({})").format(form.format(text=text, value=value))


def referred(
    values: Sequence[sql.Composable],
    names: Sequence[str],
    texts: frozenset[str],
    keys: Sequence[Column | None],
) -> list[sql.Composable]:
    """Tell what each column of a reference is compared as; ``keys`` are the target's columns."""
    return [
        read_as(value, key) if name in texts and key is not None else value
        for value, name, key in zip(values, names, keys, strict=True)
    ]
