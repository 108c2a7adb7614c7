"""Which keys can have pseudonyms: those of which all equal values are written as one text.

A pseudonym is computed of a key's text, where the row stands and wherever it is named. Were two
equal values written differently, one person would be two, and nothing would tell. So a type is
known here or refused, a column that refers is of the kind of the key that it refers to, and texts
are compared by what they are written with, not by a collation that calls different ones equal.
https://www.postgresql.org/docs/18/collation.html#COLLATION-NONDETERMINISTIC
"""

from klover.catalog import Column
from klover.door.stored import type_name
from klover.policy.keys import WRITTEN

_KINDS = {
    "smallint": "number",
    "integer": "number",
    "bigint": "number",
    "numeric": "number",
    "oid": "number",
    "text": "text",
    "character varying": "text",
    "character": "text",
    "bpchar": "text",
    "name": "text",
    "inet": "address",
    "cidr": "address",
}
"""Types whose equal values are written alike, of one kind where they are so across types."""
_ALONE = frozenset({
    "bit", "bit varying", "boolean", "bytea", "citext", "date", "macaddr", "macaddr8",
    "time with time zone", "time without time zone", "timestamp with time zone",
    "timestamp without time zone", "uuid",
})  # fmt: skip
"""Types whose equal values are written alike among themselves; times in UTC."""


_WRITTEN = frozenset({"text", "character varying", "character", "bpchar"})


def kind(column: Column, *, element: bool = False) -> str | None:
    """Tell the kind of a key's values (of an array's elements); None where it can be none."""
    name = type_name(column, element=element)
    if column.enum_labels and not element:
        return name
    bare = name.rpartition(".")[2] if name.endswith(".citext") else name
    return _KINDS.get(bare, bare if bare in _ALONE else None)


def is_written(column: Column, key: Column, *, element: bool = False) -> bool:
    """Tell whether a text stands for a number or uuid: its own text is that of the key, or none."""
    mine, its = type_name(column, element=element), type_name(key)
    return mine in _WRITTEN and its in WRITTEN and key.element_type is None


def unfit(column: Column, *, element: bool = False) -> str:
    """Tell why a column can be no part of a key that has pseudonyms; empty where it can."""
    if column.generated:
        # Postgres computes it after our trigger has looked for it.
        return "is a generated column"
    if kind(column, element=element) is None:
        name = type_name(column, element=element)
        return f"is of type {name}, of which equal values are written in different ways"
    if not column.deterministic:
        return "has a collation by which texts that are written differently are equal"
    return ""


def misfit(column: Column, key: Column, *, element: bool = False) -> str:
    """Tell why values of a column cannot be told as those of a key; empty where they can."""
    why = unfit(column, element=element)
    if not why and is_written(column, key, element=element):
        return ""
    if not why and kind(column, element=element) != kind(key):
        mine, its = type_name(column, element=element), type_name(key)
        why = f"is of type {mine} and refers to a key of type {its}, written in another way"
    return why
