"""Which regular expressions may say the form of a reference: those that are matched soon.

Whoever asks for entry chooses the reference, and an expression that can be matched in very many
ways would keep the gateway busy for hours with one of them (``([A-Z]+-?)+[0-9]+`` does). So
repeats do not stand in one another, and what is left to choose is counted. Groups are plain, with
neither references back nor looks around.
https://docs.python.org/3/library/re.html#regular-expression-syntax
"""

import re
import warnings

from klover.policy.decide import MAX_REFERENCE

MOST_WAYS = MAX_REFERENCE**3
"""Three parts of any length, with nothing else to choose: some hundredths of a second."""

_TOKEN = re.compile(
    r"""(?P<back>\\[0-9]|\\$) | (?P<escape>\\.)
      | (?P<set>\[\^?\]?(?:[^\]\\]|\\.)*\])
      | (?P<special>\(\?(?!:)) | (?P<open>\((?:\?:)?) | (?P<close>\)) | (?P<bar>\|)
      | (?P<repeat>(?:[*+?]|\{(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*)\})[?+]?)
      | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def refuse_form(text: str) -> str | None:
    """Tell why ``text`` cannot say the form of a reference; None where it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what will mean something else one day
            re.compile(text)
    except (re.error, RecursionError, OverflowError, Warning):
        return "is no regular expression"
    ways = 1
    open_: list[list[bool]] = [[False, False]]  # of each group: something repeats, a bar stands
    last = [False, False]
    branches = [1]
    for match in _TOKEN.finditer(text):
        kind, found = str(match.lastgroup), match.group()
        if match["repeat"] is not None:
            if any(last) and found not in {"?", "??"}:
                return f"repeats a group in which something repeats or can be chosen ({found})"
            ways *= _ways(match)
            open_[-1][0] = True
        elif kind in {"back", "special"}:
            return f"has {found!r}: groups are plain, `(…)` or `(?:…)`, and refer to nothing"
        elif kind == "open":
            open_.append([False, False])
            branches.append(1)
        elif kind == "bar":
            open_[-1][1] = True
            branches[-1] += 1
        elif kind == "close":
            last = open_.pop()
            ways *= branches.pop()
            open_[-1][0] |= any(last)
            continue
        last = [False, False]
    ways *= branches.pop()
    return "can be matched in too many ways; let fewer parts vary" if ways > MOST_WAYS else None


def _ways(repeat: re.Match[str]) -> int:
    """Tell how many lengths a repeat can have."""
    sign = repeat["repeat"][0]
    if sign != "{":
        return 2 if sign == "?" else MAX_REFERENCE
    low = int(repeat["low"] or 0)
    if not repeat["comma"]:
        return 1
    high = min(int(repeat["high"] or MAX_REFERENCE), MAX_REFERENCE)
    return max(high - low + 1, 1)
