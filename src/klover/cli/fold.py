"""Long SQL for reading: lists are broken between their items, never inside what is quoted."""

import re

_WIDTH = 100
_PIECE = re.compile(r""" '(?:[^']|'')*' | "(?:[^"]|"")*" | ,[ ] | . """, re.VERBOSE | re.DOTALL)
_UNSAFE = re.compile(r"\$|\\|\n|--|/\*")
"""Other ways to quote, and comments: such a statement stays as it is."""


def fold(statement: str) -> str:
    """Break a statement's lists so that its lines stay short; its meaning is the same."""
    if len(statement) <= _WIDTH or _UNSAFE.search(statement):
        return statement
    lines, line = [], ""
    for item in _items(statement):
        if line.strip() and len(line) + len(item.rstrip()) > _WIDTH:
            lines.append(line.rstrip())
            line = "    "
        line += item
    return "\n".join([*lines, line])


def _items(statement: str) -> list[str]:
    """Cut a statement behind each comma and space that stands outside of quotes."""
    found, item = [], ""
    for piece in _PIECE.findall(statement):
        item += piece
        if piece == ", ":
            found.append(item)
            item = ""
    return [*found, item]
