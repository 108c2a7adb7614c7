"""A statement's text as it may go on record: without a value, a comment or a name of its own.

Literals become ``?``; names that neither Postgres nor the door's catalog knows become ``_``
(aliases, misspelt or probed names, and whatever somebody hides in a name); comments go and white
space becomes one space. The result is bounded and says where it was cut.
"""

from collections.abc import Collection, Sequence

from klover.wire.keywords import FAMILIAR, KEYWORDS
from klover.wire.lexer import Kind, Token

MAX_TEXT = 4_000
"""Characters of a statement that go on record; a longer one ends with an ellipsis."""

_BARE = KEYWORDS | FAMILIAR


def redact(tokens: Sequence[Token], known: Collection[str]) -> str:
    """Write ``tokens`` for the record; ``known`` are the names in the door's catalog."""
    parts: list[str] = []
    length = 0
    for token in tokens:
        text = _shown(token, known)
        if token.spaced and parts:
            text = f" {text}"
        length += len(text)
        if length > MAX_TEXT:
            parts.append("…")
            break
        parts.append(text)
    return "".join(parts)


def _shown(token: Token, known: Collection[str]) -> str:
    if token.kind is Kind.WORD:
        return token.value if token.value in _BARE or token.value in known else "_"
    if token.kind is Kind.QUOTED:
        return token.value if token.value in known else "_"
    if token.kind is Kind.STRING or token.kind is Kind.NUMBER:
        return "?"
    return token.value
