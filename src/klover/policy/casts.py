"""Casts that cannot fail for any value of a type, so that none is ever said in an error.

Vetted, not read from ``pg_cast``: that tells which casts need no function, but not which functions
can fail. Numbers become wider ones, times days or times of another kind, and whatever is cast to
its own type stays as it is. Left out: ``numeric`` to floating point, whose error says the number;
anything to fewer bits; anything out of text; a target with a length or precision.
https://www.postgresql.org/docs/18/sql-createcast.html
"""

from collections.abc import Mapping

from klover.policy.neutral import bare_type

_INTEGERS = ("smallint", "integer", "bigint")
_STAMP, _STAMP_TZ = "timestamp without time zone", "timestamp with time zone"
_TIME = "time without time zone"
_SAFE: Mapping[str, frozenset[str]] = {
    "smallint": frozenset({*_INTEGERS, "numeric", "real", "double precision"}),
    "integer": frozenset({"integer", "bigint", "numeric", "real", "double precision"}),
    "bigint": frozenset({"bigint", "numeric", "real", "double precision"}),
    "numeric": frozenset({"numeric"}),
    "real": frozenset({"real", "double precision", "numeric"}),
    "double precision": frozenset({"double precision", "numeric"}),
    "boolean": frozenset({"boolean", "integer"}),
    # A day beyond the year 294276 is out of a timestamp's range: the error does not say the day.
    "date": frozenset({"date", _STAMP, _STAMP_TZ}),
    _STAMP: frozenset({_STAMP, _STAMP_TZ, "date", _TIME}),
    _STAMP_TZ: frozenset({_STAMP, _STAMP_TZ, "date", _TIME}),
    _TIME: frozenset({_TIME}),
    "uuid": frozenset({"uuid"}),
    "inet": frozenset({"inet", "cidr"}),
    "cidr": frozenset({"inet", "cidr"}),
    "jsonb": frozenset({"jsonb", "json"}),
    "json": frozenset({"json"}),
}
TEXT = frozenset({"text", "character varying", "character", "bpchar", "citext"})
"""Types that take every value."""
_OTHER_NAMES = {
    "int2": "smallint", "int4": "integer", "int": "integer", "int8": "bigint",
    "decimal": "numeric", "float4": "real", "float8": "double precision", "bool": "boolean",
    "timestamp": _STAMP, "timestamptz": _STAMP_TZ, "time": _TIME, "varchar": "character varying",
    "char": "character",
}  # fmt: skip


def named(words: str) -> str:
    """Tell a type as ``format_type`` writes it, without its length."""
    name = bare_type(words.casefold())
    return _OTHER_NAMES.get(name, name)


def never_fails(source: str | None, target: str) -> bool:
    """Tell whether each value of ``source`` has a value of ``target``, a name of the SQL text.

    ``source`` is a type as the catalog writes it; None where it is not known, and any could be.
    """
    to, many = named(target.removesuffix("[]")), target.endswith("[]")
    alike = source is None or source.endswith("[]") == many
    if to in TEXT:
        return alike or not many
    if not alike or "(" in target:
        return False
    if source is None:
        return any(to in targets for targets in _SAFE.values())
    return to in _SAFE.get(named(source), frozenset())
