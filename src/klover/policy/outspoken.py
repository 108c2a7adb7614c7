"""What in a row condition would say a value in its error: refused, since rows are hidden by it.

A condition is asked of every row, those that are not shown included. A cast that cannot read a
value quotes it (``invalid input syntax for type integer: "…"``), and so do functions that take a
name, a unit or a format; whoever looks through the view reads that. Of constants they are safe.
https://www.postgresql.org/docs/18/sql-expressions.html
"""

import re
from collections.abc import Sequence

_TEXT = frozenset({"text", "varchar", "character", "char", "bpchar", "citext"})
"""Types that take every value."""
_QUOTING = frozenset({
    "bool", "boolean", "int2", "int4", "int8", "smallint", "integer", "bigint", "numeric",
    "decimal", "real",
    "float4", "float8", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "uuid",
    "inet", "cidr", "macaddr", "json", "jsonb", "xml", "bytea", "money", "hstore", "ltree",
    "to_date", "to_timestamp", "to_number", "to_tsquery", "phraseto_tsquery", "timezone",
    "date_trunc", "date_part", "decode", "encode", "convert", "convert_from", "convert_to",
    "parse_ident", "xmlparse", "format", "current_setting", "nextval", "currval", "setval", "chr",
    "make_date", "make_time", "make_timestamp", "make_timestamptz", "get_byte", "get_bit",
    "set_byte", "set_bit", "set_masklen", "cast",
    "bit", "box", "circle", "datemultirange", "daterange", "int4range", "int8range", "jsonpath",
    "line", "lseg", "macaddr8", "numrange", "oid", "path", "point", "polygon", "tid", "tsquery",
    "tsrange", "tstzrange", "tsvector", "varbit", "xid", "xid8",
})  # fmt: skip
_SECOND = frozenset({"date_part", "date_trunc", "timezone"})
"""Of these the second argument is a time, which none of them quotes."""
_ASKING = re.compile(r"(pg_|has_|reg(?!exp))\w+")
"""Functions and types that look a name up, and say it where nothing is called so."""

Token = tuple[str, str]
"""The kind of a sign or word, and its text."""


def says_a_value(tokens: Sequence[Token]) -> str | None:
    """Tell what in a condition would quote a value of a row; None where nothing would."""
    for at, (kind, text) in enumerate(tokens):
        word = text.strip('"').casefold()
        if kind == "word" and _is_cast(tokens, at) and tokens[at - 3][0] not in _CONSTANT:
            if _last_of(tokens, at) not in _TEXT:
                return _why(f"::{_last_of(tokens, at)}")
        elif kind == "name" and _is_cast(tokens, at) and tokens[at - 3][0] not in _CONSTANT:
            return _why(f"::{text}")
        elif kind in {"word", "name"} and _calls(tokens, at):
            if word in _QUOTING or _ASKING.fullmatch(word):
                return _why(f"{word}(…)")
        elif _is_zone(tokens, at):
            return _why("at time zone")
    return None


_CONSTANT = frozenset({"text", "number"})


def _is_cast(tokens: Sequence[Token], at: int) -> bool:
    return at > 2 and [text for _, text in tokens[at - 2 : at]] == [":", ":"]  # noqa: PLR2004


def _last_of(tokens: Sequence[Token], at: int) -> str:
    """Tell the last part of a type's name, which may have a schema before it."""
    texts = [text.casefold() for _, text in tokens]
    while texts[at + 1 : at + 2] == ["."] and at + 2 < len(texts):
        at += 2
    behind = at + 1
    if texts[behind : behind + 1] == ["varying"]:
        behind += 1
    if texts[behind : behind + 1] == ["("] and ")" in texts[behind:]:
        behind = texts.index(")", behind) + 1
    return texts[at] + ("[]" if texts[behind : behind + 1] in (["["], ["array"]) else "")


def _calls(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a word is called with something that it may quote and that is no constant."""
    if [text for _, text in tokens[at + 1 : at + 2]] != ["("]:
        return False
    arguments = _arguments(tokens, at + 2)
    if tokens[at][1].strip('"').casefold() in _SECOND:
        del arguments[1:2]
    return not all(map(_is_constant, arguments))


def _arguments(tokens: Sequence[Token], at: int) -> list[list[Token]]:
    """Cut what stands between brackets, from behind the first one, at its own commas."""
    found: list[list[Token]] = [[]]
    depth = 1
    for kind, text in tokens[at:]:
        depth += (kind == "open") - (kind == "close")
        if not depth:
            break
        if depth == 1 and text == ",":
            found.append([])
        else:
            found[-1].append((kind, text))
    return found


def _is_constant(argument: Sequence[Token]) -> bool:
    """Tell whether an argument is one constant; of a cast, before the type is named."""
    words = [text.casefold() for _, text in argument]
    value = argument[: words.index("as")] if "as" in words else argument
    signed = value[1:] if value and value[0][1] in {"-", "+"} else value
    return not value or (len(signed) == 1 and signed[0][0] in _CONSTANT)


def _is_zone(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether a time zone is named here, by something that is no constant."""
    words = [text.casefold() for _, text in tokens[max(at - 2, 0) : at + 1]]
    named = tokens[at + 1 : at + 2]
    return words == ["at", "time", "zone"] and bool(named) and named[0][0] not in _CONSTANT


def _why(what: str) -> str:
    return (
        f"`{what}` says in its error the value that it cannot read, of rows that are hidden, too; "
        "cast the constant instead, or compare as ::text"
    )
