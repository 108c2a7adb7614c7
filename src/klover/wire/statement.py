"""A query string cut into statements, and what each of them is: its kind, its name, its inside.

This is no parser. It reads only as much of a statement as decides whether the gateway lets it
through and how it goes on record; whatever has another form than the grammar's is given no
``inner`` or ``name``, and who judges it refuses it. Postgres enforces everything else.
https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/parser/gram.y
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from klover.wire.lexer import Kind, Token, lex, truncate

QUERIES = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
"""Kinds that return rows of tables and may stand in parentheses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. ``kind`` is its first keyword in capitals, empty where there is none.

    ``name`` is that of the prepared statement or cursor it is about (None: all of them, or none);
    ``inner`` is the statement inside EXPLAIN, PREPARE, DECLARE and COPY; ``options`` are the
    names in EXPLAIN's parentheses.
    """

    kind: str
    tokens: tuple[Token, ...]
    original: str
    name: str | None = None
    inner: "Statement | None" = None
    options: tuple[str, ...] = ()

    def word(self, at: int) -> str:
        """Tell the keyword at a position; empty where something else or nothing stands."""
        return _word(self.tokens, at)

    def identifiers(self) -> frozenset[str]:
        """Tell every name in the text as Postgres reads it, cut to the bytes that count."""
        return frozenset(
            truncate(token.value)
            for token in self.tokens
            if token.kind is Kind.WORD or token.kind is Kind.QUOTED
        )


def split(text: str) -> tuple[Statement, ...]:
    """Cut ``text`` into its statements; empty ones do not count, as in Postgres.

    Raises UnlexableError.
    """
    found: list[Statement] = []
    begin, tokens = 0, list[Token]()
    for token in lex(text):
        if token.kind is Kind.SYMBOL and token.value == ";":
            if tokens:
                found.append(classify(tokens, text[begin : token.start]))
            begin, tokens = token.end, []
        else:
            tokens.append(token)
    if tokens:
        found.append(classify(tokens, text[begin:]))
    return tuple(found)


def classify(tokens: Sequence[Token], original: str = "") -> Statement:
    """Tell what a statement is from its tokens."""
    first = 0
    while first < len(tokens) and _is(tokens, first, "("):
        first += 1
    kind = _word(tokens, first).upper()
    if first and kind not in QUERIES:
        kind = ""
    read = _FORMS.get(kind)
    if read is None:
        return Statement(kind=kind, tokens=tuple(tokens), original=original)
    name, inside, options = read(tokens)
    return Statement(
        kind=kind,
        tokens=tuple(tokens),
        original=original,
        name=name,
        inner=classify(inside) if inside else None,
        options=options,
    )


_Form = tuple[str | None, Sequence[Token], tuple[str, ...]]
_NOTHING: _Form = (None, (), ())


def _word(tokens: Sequence[Token], at: int) -> str:
    if not 0 <= at < len(tokens) or tokens[at].kind is not Kind.WORD:
        return ""
    return tokens[at].value


def _is(tokens: Sequence[Token], at: int, symbol: str) -> bool:
    return at < len(tokens) and tokens[at].kind is Kind.SYMBOL and tokens[at].value == symbol


def _name(tokens: Sequence[Token], at: int) -> str | None:
    if not 0 <= at < len(tokens) or tokens[at].kind not in {Kind.WORD, Kind.QUOTED}:
        return None
    return truncate(tokens[at].value)


def _closing(tokens: Sequence[Token], at: int) -> int:
    """Tell where the parenthesis that opens at ``at`` closes; the length where it does not."""
    depth = 0
    for index in range(at, len(tokens)):
        if _is(tokens, index, "("):
            depth += 1
        elif _is(tokens, index, ")"):
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


def _explain(tokens: Sequence[Token]) -> _Form:
    at = 1
    options: list[str] = []
    if _is(tokens, 1, "(") and not _opens_query(tokens, 1):
        close = _closing(tokens, 1)
        options = [
            token.value.lower()
            for before, token in pairwise(tokens[1:close])
            if before.kind is Kind.SYMBOL and before.value in "(,"
        ]
        at = close + 1
    elif _word(tokens, 1) == "verbose":
        at = 2
    return None, tokens[at:], tuple(options)


def _opens_query(tokens: Sequence[Token], at: int) -> bool:
    while _is(tokens, at, "("):
        at += 1
    return _word(tokens, at).upper() in QUERIES


def _prepare(tokens: Sequence[Token]) -> _Form:
    at = _closing(tokens, 2) + 1 if _is(tokens, 2, "(") else 2
    if _word(tokens, at) != "as":
        return _NOTHING
    return _name(tokens, 1), tokens[at + 1 :], ()


def _declare(tokens: Sequence[Token]) -> _Form:
    words = [_word(tokens, at) for at in range(len(tokens))]
    if "cursor" not in words[2:]:
        return _NOTHING
    cursor = words.index("cursor", 2)
    if "for" not in words[cursor:]:
        return _NOTHING
    return _name(tokens, 1), tokens[words.index("for", cursor) + 1 :], ()


def _copy(tokens: Sequence[Token]) -> _Form:
    if not _is(tokens, 1, "("):
        return _NOTHING
    close = _closing(tokens, 1)
    if _word(tokens, close + 1) != "to" or _word(tokens, close + 2) != "stdout":
        return _NOTHING
    return None, tokens[2:close], ()


def _execute(tokens: Sequence[Token]) -> _Form:
    return _name(tokens, 1), (), ()


def _forget(tokens: Sequence[Token]) -> _Form:
    at = 2 if _word(tokens, 1) == "prepare" and len(tokens) > 2 else 1  # noqa: PLR2004 - DEALLOCATE PREPARE name
    return (None if _word(tokens, at) == "all" else _name(tokens, at)), (), ()


def _fetch(tokens: Sequence[Token]) -> _Form:
    return _name(tokens, len(tokens) - 1), (), ()


_FORMS: Mapping[str, Callable[[Sequence[Token]], _Form]] = {
    "EXPLAIN": _explain,
    "PREPARE": _prepare,
    "EXECUTE": _execute,
    "DEALLOCATE": _forget,
    "DECLARE": _declare,
    "FETCH": _fetch,
    "MOVE": _fetch,
    "CLOSE": _forget,
    "COPY": _copy,
}
