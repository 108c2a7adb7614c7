"""The value that stands in a stub for one that had to go and may not be NULL.

A neutral value says nothing: empty text, zero, the first day of 1970, the first word of an
enumeration; where the column is unique, a text made from the row's key, which is there anyway.
Columns on which a key stands have none (nothing says which row to point to), nor
have types nobody listed here; the policy then gives one with ``stub:``.
"""

from klover.catalog import Column

_NEUTRAL = {
    "bigint": "0",
    "bit varying": "",
    "boolean": "false",
    "bytea": "\\x",
    "character": "",
    "character varying": "",
    "cidr": "0.0.0.0/32",
    "citext": "",
    "date": "1970-01-01",
    "double precision": "0",
    "hstore": "",
    "inet": "0.0.0.0",  # noqa: S104 - a value, nobody binds to it
    "integer": "0",
    "interval": "0",
    "json": "{}",
    "jsonb": "{}",
    "macaddr": "00:00:00:00:00:00",
    "macaddr8": "00:00:00:00:00:00:00:00",
    "money": "0",
    "name": "",
    "numeric": "0",
    "point": "(0,0)",
    "real": "0",
    "smallint": "0",
    "text": "",
    "time with time zone": "00:00:00+00",
    "time without time zone": "00:00:00",
    "timestamp with time zone": "1970-01-01 00:00:00+00",
    "timestamp without time zone": "1970-01-01 00:00:00",
    "tsquery": "",
    "tsvector": "",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "xml": "",
}
_FROM_KEY = frozenset({"bytea", "character varying", "name", "text", "uuid"})
_OF_EXTENSIONS = (".citext", ".hstore")
_RANGES = ("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange")


def neutral_value(column: Column) -> str | None:
    """Tell the text form of the neutral value of ``column``'s type; None where it has none.

    A domain or another constraint may still refuse it: Postgres has the last word.
    """
    if column.element_type is not None or column.base_type.endswith("[]"):
        return "{}"
    if column.enum_labels:
        return column.enum_labels[0]
    bare = bare_type(column.base_type)
    if bare.endswith("multirange"):
        return "{}"
    return "empty" if bare in _RANGES else _NEUTRAL.get(bare)


def has_neutral_key(column: Column) -> bool:
    """Tell whether a value made from the row's key can stand in a unique column of the type."""
    return column.type_kind != "e" and bare_type(column.base_type) in _FROM_KEY


def bare_type(type_name: str) -> str:
    """Take modifiers off a type's name: ``numeric(5,2)[]`` is ``numeric``.

    The types of extensions that are known by name lose their schema, which is whichever the
    extension was installed in: ``public.citext`` is ``citext``.
    """
    name = type_name.removesuffix("[]")
    start, bracket, rest = name.partition("(")
    bare = (start.rstrip() + rest.partition(")")[2]) if bracket else name
    return bare.rpartition(".")[2] if bare.endswith(_OF_EXTENSIONS) else bare
