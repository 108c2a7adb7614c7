"""What in a row condition would say a value in its error: refused, since rows are hidden by it.

A condition is asked of every row, those that are not shown included. A cast that cannot read a
value quotes it (``invalid input syntax for type integer: "…"``), and so do functions that take a
name, a unit or a format; whoever looks through the view reads that. Of constants they are safe,
and so is a cast of a column that cannot fail for the column's type (``casts``), once that is known.
https://www.postgresql.org/docs/18/sql-expressions.html
"""

import re
from collections.abc import Mapping, Sequence

from klover.policy.casts import never_fails

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


Types = Mapping[str, str]
"""The type behind each column of the table, as the catalog writes it."""


def says_a_value(tokens: Sequence[Token], types: Types | None) -> str | None:
    """Tell what in a condition would quote a value of a row; None where nothing would.

    Without ``types`` a cast of a column passes that could be harmless: whoever knows them asks
    again.
    """
    for at, (kind, text) in enumerate(tokens):
        if kind not in {"word", "name"}:
            continue
        if _is_cast(tokens, at):
            if not _is_harmless(tokens, at, types):
                return _why(f"::{_target(tokens, at)}", tokens[: at - 2], types)
        elif _calls(tokens, at):
            word = text.strip('"').casefold()
            quoting = word in _QUOTING or _ASKING.fullmatch(word)
            if quoting and not (word == "cast" and _casts_harmlessly(tokens, at, types)):
                return _why(f"{word}(…)", tokens[at + 1 : at + 3], types)
        elif _is_zone(tokens, at):
            return _why("at time zone")
    return None


def _is_harmless(tokens: Sequence[Token], at: int, types: Types | None) -> bool:
    """Tell whether the cast to the type named at ``at`` says nothing, whatever it is cast from."""
    before = tokens[: at - 2]
    if before[-1][0] in _CONSTANT:
        return True
    target = _target(tokens, at)
    if tokens[at][0] == "name":
        return False
    if never_fails("", target):
        return True
    column = _column(before)
    if column is None:
        return False
    return never_fails(None if types is None else types.get(column, ""), target)


def _casts_harmlessly(tokens: Sequence[Token], at: int, types: Types | None) -> bool:
    """Tell it of ``cast(column as type)``."""
    (argument,) = _arguments(tokens, at + 2)[:1] or [[]]
    if [text.casefold() for _, text in argument[1:2]] != ["as"] or len(argument) < 3:  # noqa: PLR2004
        return False
    colons = [("operator", ":"), ("operator", ":")]
    return _is_harmless([argument[0], *colons, *argument[2:]], 3, types)


_BEFORE = frozenset(
    {"and", "or", "not", "when", "then", "else", "case", "between", "like", "ilike"}
)


def _column(before: Sequence[Token]) -> str | None:
    """Tell the column that stands by itself at the end, as it is called; None where none does.

    ``end::int`` casts a CASE, ``x collate y::int`` does not cast ``y``: what stands before decides.
    """
    kind, text = before[-1]
    if kind not in {"word", "name"} or text.casefold() == "end":
        return None
    if kind == "word" and not text.isascii():
        return None  # which letters of such a name become small ones depends on the server
    if len(before) > 1:
        earlier, sign = before[-2]
        alone = earlier == "open" or (earlier == "operator" and sign not in {".", ":"})
        if not alone and not (earlier == "word" and sign.casefold() in _BEFORE):
            return None
    return text[1:-1].replace('""', '"') if kind == "name" else text.lower()


_CONSTANT = frozenset({"text", "number"})
_MORE = (["varying"], ["precision"], ["without", "time", "zone"])
"""Words of a type's name behind its first; ``with`` stands in no condition."""


def _is_cast(tokens: Sequence[Token], at: int) -> bool:
    return at > 2 and [text for _, text in tokens[at - 2 : at]] == [":", ":"]  # noqa: PLR2004


def _target(tokens: Sequence[Token], at: int) -> str:
    """Read the name of the type that stands at ``at``: several words, a length, an array."""
    words = [text.casefold() if kind == "word" else text for kind, text in tokens]
    if words[at : at + 2] == ["pg_catalog", "."] and at + 2 < len(words):
        at += 2
    name, at = _with_length(words[at], words, at)
    for more in _MORE:
        if words[at + 1 : at + 1 + len(more)] == more:
            name, at = f"{name} {' '.join(more)}", at + len(more)
    name, at = _with_length(name, words, at)
    if words[at + 1 : at + 2] == ["."]:
        return ".".join((name, *words[at + 2 : at + 3]))
    return name + ("[]" if words[at + 1 : at + 2] in (["["], ["array"]) else "")


def _with_length(name: str, words: Sequence[str], at: int) -> tuple[str, int]:
    if words[at + 1 : at + 2] != ["("] or ")" not in words[at:]:
        return name, at
    end = words.index(")", at)
    return name + "".join(words[at + 1 : end + 1]), end


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


def _why(what: str, before: Sequence[Token] = (), types: Types | None = None) -> str:
    column = _column(before) if before else None
    its = types.get(column) if types and column is not None else None
    of = f" of {column}, which is {its}," if its is not None else ""
    return (
        f"`{what}`{of} says in its error the value that it cannot read, of rows that are hidden, "
        "too; cast the constant instead, compare as ::text, or cast a column by itself to a type "
        "that holds all of its values"
    )
