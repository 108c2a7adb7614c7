"""A first look at ``public_rows``: the text has to be one expression and nothing else.

Postgres has the last word when the door is compiled. This look refuses what could end or escape
an expression: statement ends, comments, dollar quotes, unbalanced quotes or brackets, sub-selects.
https://www.postgresql.org/docs/18/sql-syntax-lexical.html
"""

import re

from klover.catalog import Table
from klover.policy.outspoken import Types, says_a_value

_TOKEN = re.compile(
    r"""(?P<text>'(?:[^'\\]|'')*')      # a plain string without backslashes
      | (?P<name>"(?:[^"]|"")+")
      | (?P<escape>[eE]'|[uU]&['"]|\$)  # other kinds of strings, parameters
      | (?P<comment>--|/\*)
      | (?P<word>[^\W\d][\w]*)
      | (?P<open>[(\[]) | (?P<close>[)\]])
      | (?P<number>[0-9][0-9.]*)
      | (?P<space>\s+)
      | (?P<end>;)
      | (?P<operator>[-+*/<>=~!@\#%^&|`?:.,])
    """,
    re.VERBOSE,
)
_FORBIDDEN = frozenset(
    {"select", "with", "table", "values", "into", "union", "except", "intersect"}
)
_MISTAKEN = frozenset({"yes", "no", "on", "off", "true", "false", "all", "none"})
_PAIRS = {")": "(", "]": "["}


def refuse_predicate(text: str, types: Types | None = None) -> str | None:
    """Tell why ``text`` is no acceptable expression; None when nothing is wrong with it.

    ``types`` are those of the table's columns. Without them a cast of a column passes that could
    be harmless; with them it has to be.
    """
    if text.strip().casefold() in _MISTAKEN:
        return f"{text.strip()!r} is not clear here: write `true` or `false`, or an SQL expression"
    if not text.strip():
        return "it is empty"
    if not words_of(text):
        return "it names no column"
    brackets: list[str] = []
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return f"it has an unexpected sign at {position + 1}"
        position = match.end()
        kind = str(match.lastgroup)
        reason = _refuse_token(kind, match.group(), brackets)
        if reason:
            return reason
        if kind != "space":
            tokens.append((kind, match.group()))
    return "a bracket is not closed" if brackets else says_a_value(tokens, types)


def types_of(table: Table) -> Types:
    """Tell the type behind each column."""
    return {column.name: column.base_type for column in table.columns}


def words_of(text: str) -> frozenset[str]:
    """List the words and quoted names in ``text``: at least the columns that it reads."""
    found = set()
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":
            found.add(match.group().lower())
        elif match.lastgroup == "name":
            found.add(match.group()[1:-1].replace('""', '"'))
    return frozenset(found)


def _refuse_token(kind: str, text: str, brackets: list[str]) -> str | None:
    reason = None
    if kind == "open":
        brackets.append(text)
    elif kind == "close" and (not brackets or brackets.pop() != _PAIRS[text]):
        reason = "a bracket closes nothing"
    elif kind == "comment":
        reason = "comments are not allowed in it"
    elif kind == "end":
        reason = "it is more than one expression (;)"
    elif kind == "escape":
        reason = f"{text!r} is not allowed in it"
    elif kind == "word" and text.casefold() in _FORBIDDEN:
        reason = f"{text!r} is not allowed in it: it looks at the table's own columns only"
    return reason
