"""Row conditions of the policy, read just far enough to be put between parentheses.

``public_rows`` is SQL text that a person wrote. Before it becomes part of a view it has to be one
expression over the table's own columns: no statement end, no comment, no parenthesis that closes
more than it opened, no subquery. Postgres then parses it (``apply`` asks it to); nothing here
tries to understand it. https://www.postgresql.org/docs/18/sql-syntax-lexical.html
"""

import re
from collections.abc import Collection

from klover.errors import PolicyError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--|/\*)
  | (?P<unicode>[uU]&['"])
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<string>(?:[bBxXnN])?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")+")
  | (?P<word>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*)
  | (?P<number>\.?[0-9][0-9A-Za-z_.]*)
  | (?P<open>[(\[])
  | (?P<close>[)\]])
  | (?P<symbol>[-+*/<>=~!@\#%^&|`?,.:])
    """,
    re.VERBOSE | re.DOTALL,
)
_NO_EXPRESSION = frozenset({"select", "table", "values", "with", "into", "over"})
_PAIRS = {")": "(", "]": "["}


def columns_used(text: str, columns: Collection[str]) -> frozenset[str]:
    """Tell which of ``columns`` the condition may read.

    A word counts as a column wherever it stands, so the answer is an upper bound.
    Raises PolicyError where the text cannot be one expression.
    """
    words: set[str] = set()
    open_: list[str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        kind = token.lastgroup if token else None
        if token is None or kind in {"comment", "unicode"}:
            raise PolicyError(_refusal(text, text[at : at + 2].strip() or text[at]))
        at = token.end()
        found = token.group()
        if kind == "word":
            if found.lower() in _NO_EXPRESSION:
                raise PolicyError(_refusal(text, found))
            words.add(found.lower())
        elif kind == "quoted":
            words.add(found[1:-1].replace('""', '"'))
        elif kind == "open":
            open_.append(found)
        elif kind == "close" and (not open_ or open_.pop() != _PAIRS[found]):
            raise PolicyError(_refusal(text, found))
    if open_ or not words:
        raise PolicyError(_refusal(text, open_[-1] if open_ else "nothing to compare"))
    return frozenset(columns) & words


def _refusal(text: str, what: str) -> str:
    return (
        f"`public_rows: {text}` has to be one condition over the table's own columns; "
        f"{what!r} does not belong there."
    )
