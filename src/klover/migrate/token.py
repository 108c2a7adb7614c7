"""Cuts text into what is looked for: whole values, and words, addresses and numbers within: pure.

Works on blocks of COPY text as they come from the server (tabs between columns, a line a row), so
that no value is handled on its own. Case of ASCII letters does not count. A value of several words
inside a longer text is not found; e-mail addresses, IP addresses and telephone numbers are.
"""

import re

SHORTEST = 6
"""Shorter values are not looked for: they would be found everywhere by chance."""

_WORD = re.compile(rb"[^\s\"'\\,;<>()\[\]{}=|`]{6,}")
_NUMBER = re.compile(rb"\+?[0-9][0-9 ()/.-]{4,}[0-9]")
_TRIM = b".:!?-"


def values(block: bytes) -> set[bytes]:
    """Tell the whole values of a block."""
    parts = set(block.lower().replace(b"\n", b"\t").split(b"\t"))
    return {part for part in parts if len(part) >= SHORTEST}


def tokens(block: bytes) -> set[bytes]:
    """Tell the whole values of a block and everything within them that could be one."""
    low = block.lower()
    found = set(low.replace(b"\n", b"\t").split(b"\t"))
    found.update(word.strip(_TRIM) for word in set(_WORD.findall(low)))
    found.update(_NUMBER.findall(low))
    return {part for part in found if len(part) >= SHORTEST}
