"""Where the tokens of a SQL text begin and end, as Postgres' own scanner sees it.

Written after the rules of ``src/backend/parser/scan.l`` (Postgres 18), for
``standard_conforming_strings = on`` and UTF-8, which a door session cannot change. It covers
nested comments, every kind of string with its continuation across lines, dollar quotes, quoted
and Unicode identifiers, numbers, parameters, and the rule that an operator ends where a comment
begins. What Postgres' scanner would refuse, and whatever is in doubt, is refused here too.
https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/parser/scan.l
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from klover.errors import WireError

MAX_IDENTIFIER = 63
"""Bytes of an identifier that count: NAMEDATALEN - 1; Postgres drops the rest."""


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    """An identifier or keyword without quotes; ``value`` is lower case."""
    QUOTED = auto()
    """An identifier in quotes; ``value`` is what it names."""
    STRING = auto()
    NUMBER = auto()
    PARAMETER = auto()
    OPERATOR = auto()
    SYMBOL = auto()
    """One of ``, ( ) [ ] . ; :`` and the like."""


class Token(NamedTuple):
    """One token: ``value`` is a name, a string literal's content between the quotes, or the text.

    ``start`` and ``end`` count characters; ``spaced`` tells whether a space or a comment
    stands before it.
    """

    kind: Kind
    value: str
    start: int
    end: int
    spaced: bool


class UnlexableError(WireError):
    """The text is not SQL as Postgres reads it; nothing of it was run."""

    sqlstate = "42601"


# Python's \s, \w and \d know Unicode; Postgres' scanner does not, so every class is spelled out.
# Quantifiers are possessive (++, *+): what is consumed is never given back, so that a doubled quote
# cannot end a string that is not closed, and no text makes matching slow.
_SPACE = r"[ \t\n\r\f\v]"
_IDENT = r"[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*"
_LINE_COMMENT = r"--[^\n\r]*+"
_DECIMAL = r"[0-9](?:_?[0-9])*"
_SKIP = re.compile(rf"(?:{_SPACE}++|{_LINE_COMMENT})++")
_BLOCK = re.compile(r"/\*|\*/")
_HORIZONTAL = rf"(?:[ \t\f\v]|{_LINE_COMMENT})"
_CONTINUES = re.compile(
    rf"{_HORIZONTAL}*+[\n\r](?:{_SPACE}|{_LINE_COMMENT}[\n\r])*+'",
)
_PLAIN = re.compile(r"[^']*+(?:''[^']*+)*+'")
_ESCAPED = re.compile(r"[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'", re.DOTALL)
_DELIMITED = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$")
_OPERATOR = re.compile(r"[~!@#^&|`?+\-*/%<>=]+")
_ENDS_OPERATOR = re.compile(r"/\*|--")
_KEEPS_SIGN = frozenset("~!@#^&|`?%")
_TOKEN = re.compile(
    rf"(?P<prefix>[eEbBxXnN]'|[uU]&['\"])"
    rf"|(?P<word>{_IDENT})"
    r"|(?P<quote>['\"])"
    rf"|(?P<number>0[xX](?:_?[0-9A-Fa-f])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
    rf"|(?:{_DECIMAL}(?:\.(?!\.)(?:{_DECIMAL})?)?|\.{_DECIMAL})(?:[eE][+-]?{_DECIMAL})?)"
    r"|(?P<parameter>\$[0-9]+)"
    r"|(?P<operator>[~!@#^&|`?+\-*/%<>=]+)"
    r"|(?P<symbol>[,()\[\].;:])"
)
_KINDS = {"symbol": Kind.SYMBOL, "number": Kind.NUMBER, "parameter": Kind.PARAMETER}
_STARTS_IDENT = re.compile(r"[A-Za-z_\x80-\U0010ffff]")
_UNICODE = re.compile(
    r"(?P<e>.)(?:(?P=e)|(?P<four>[0-9A-Fa-f]{4})|\+(?P<six>[0-9A-Fa-f]{6}))?", re.DOTALL
)
_NOT_ESCAPES = frozenset("0123456789abcdefABCDEF+'\" \t\n\r\f\v")


def lex(text: str) -> list[Token]:
    """Cut ``text`` into tokens; comments and space are left out. Raises UnlexableError."""
    tokens: list[Token] = []
    at, size = 0, len(text)
    while True:
        start = _skip(text, at)
        spaced = start > at
        if start >= size:
            return tokens
        token = _next(text, start, spaced=spaced)
        if _is_uescape(text, tokens, token):
            tokens[-2:] = [_decoded(tokens[-2], token)]
        else:
            tokens.append(token)
        at = token.end


def _skip(text: str, at: int) -> int:
    """Tell where space and comments end."""
    while True:
        found = _SKIP.match(text, at)
        if found is not None:
            at = found.end()
        if not text.startswith("/*", at):
            return at
        at = _block_end(text, at)


def _block_end(text: str, at: int) -> int:
    depth = 0
    for mark in _BLOCK.finditer(text, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    raise UnlexableError("A comment is not closed.")


def _next(text: str, at: int, *, spaced: bool) -> Token:
    found = _TOKEN.match(text, at)
    if found is None:
        return _dollar(text, at, spaced=spaced)
    kind, content = found.lastgroup, found.group()
    if kind == "word":
        return Token(Kind.WORD, _fold(content), at, found.end(), spaced)
    if kind == "prefix":
        return _prefixed(text, at, content, spaced=spaced)
    if kind == "quote":
        return _quoted(text, at, found.end(), content, spaced=spaced)
    if kind == "operator":
        return _operator(at, content, spaced=spaced)
    if kind != "symbol" and _STARTS_IDENT.match(text, found.end()):
        raise UnlexableError("A number or parameter runs into a name.")
    return Token(_KINDS[kind or ""], content, at, found.end(), spaced)


def _fold(name: str) -> str:
    """Fold a bare name as Postgres does in UTF-8: ASCII letters only."""
    return name.lower() if name.isascii() else re.sub("[A-Z]+", lambda m: m[0].lower(), name)


def truncate(name: str) -> str:
    """Cut a name to the bytes that count, never inside a character."""
    raw = name.encode()
    return name if len(raw) <= MAX_IDENTIFIER else raw[:MAX_IDENTIFIER].decode(errors="ignore")


def _operator(at: int, content: str, *, spaced: bool) -> Token:
    comment = _ENDS_OPERATOR.search(content)
    if comment is not None:
        content = content[: comment.start()]
    if len(content) > 1 and not _KEEPS_SIGN.intersection(content):
        # An operator of arithmetic characters only does not end in a sign (scan.l, "operator").
        content = content[0] + content[1:].rstrip("+-")
    return Token(Kind.OPERATOR, content, at, at + len(content), spaced)


def _prefixed(text: str, at: int, prefix: str, *, spaced: bool) -> Token:
    after = at + len(prefix)
    if prefix[-1] == '"':
        return _quoted(text, at, after, '"', spaced=spaced)
    pattern = _ESCAPED if prefix[0] in "eE" else _PLAIN
    return _string(text, at, after, pattern, spaced=spaced)


def _quoted(text: str, at: int, after: int, quote: str, *, spaced: bool) -> Token:
    if quote == "'":
        return _string(text, at, after, _PLAIN, spaced=spaced)
    found = _DELIMITED.match(text, after)
    if found is None:
        raise UnlexableError("A quoted identifier is not closed.")
    name = text[after : found.end() - 1].replace('""', '"')
    if not name:
        raise UnlexableError("A quoted identifier is empty.")
    token = Token(Kind.QUOTED, name, at, found.end(), spaced)
    if text[at] != '"':  # U&"…": escapes are decoded at once, and again where UESCAPE follows
        return token._replace(value=_unescape(name, "\\") if _plain_escape(text, token) else name)
    return token


def _string(text: str, at: int, after: int, pattern: re.Pattern[str], *, spaced: bool) -> Token:
    """Find the end of a string that goes on where a quote follows on another line."""
    end = after
    while True:
        found = pattern.match(text, end)
        if found is None:
            raise UnlexableError("A string is not closed.")
        end = found.end()
        more = _CONTINUES.match(text, end)
        if more is None:
            return Token(Kind.STRING, text[after : end - 1], at, end, spaced)
        end = more.end()


def _dollar(text: str, at: int, *, spaced: bool) -> Token:
    found = _DOLLAR.match(text, at)
    if found is None:
        raise UnlexableError("A character stands where SQL has none.")
    end = text.find(found.group(), found.end())
    if end < 0:
        raise UnlexableError("A dollar-quoted string is not closed.")
    return Token(Kind.STRING, text[found.end() : end], at, end + len(found.group()), spaced)


# U&"…" UESCAPE '…': the escape character stands in two further tokens, which are then dropped.


def _is_uescape(text: str, tokens: list[Token], token: Token) -> bool:
    return (
        token.kind is Kind.STRING
        and len(tokens) > 1
        and tokens[-1].kind is Kind.WORD
        and tokens[-1].value == "uescape"
        and tokens[-2].kind in {Kind.QUOTED, Kind.STRING}
        and text[tokens[-2].start] in "uU"
    )


def _plain_escape(text: str, token: Token) -> bool:
    """Tell whether no UESCAPE follows a Unicode identifier."""
    after = re.compile(_IDENT).match(text, _skip(text, token.end))
    return after is None or after.group().lower() != "uescape"


def _decoded(name: Token, escape: Token) -> Token:
    if len(escape.value) != 1 or escape.value in _NOT_ESCAPES:
        raise UnlexableError("An UESCAPE character is not valid.")
    if name.kind is Kind.STRING:
        return name._replace(end=escape.end)
    return name._replace(value=_unescape(name.value, escape.value), end=escape.end)


def _unescape(name: str, escape: str) -> str:
    """Decode the Unicode escapes of an identifier; refuse what Postgres refuses."""
    if escape not in name:
        return name
    units: list[str] = []
    at = 0
    while at < len(name):
        if name[at] != escape:
            units.append(name[at])
            at += 1
            continue
        found = _UNICODE.match(name, at)
        code = found and (found["four"] or found["six"])
        if found is None or (code is None and len(found.group()) == 1):
            raise UnlexableError("A Unicode escape is not valid.")
        if code is not None and (int(code, 16) == 0 or int(code, 16) > 0x10FFFF):  # noqa: PLR2004
            raise UnlexableError("A Unicode escape is not valid.")
        units.append(chr(int(code, 16)) if code is not None else escape)
        at = found.end()
    try:  # surrogates have to come in pairs
        return "".join(units).encode("utf-16-be", "surrogatepass").decode("utf-16-be")
    except UnicodeDecodeError:
        raise UnlexableError("A Unicode escape is not valid.") from None
