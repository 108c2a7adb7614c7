"""Texts as YAML writes them: plain where they are plain, else in double quotes."""

import json
import re
from collections.abc import Iterator, Sequence

from klover.catalog import quoted as part
from klover.policy.suggest.guess import Guess, Pair
from klover.policy.suggest.shape import quoted

_WORDS = frozenset({"null", "true", "false", "none", "shared"})
_PLAIN = re.compile(r"[A-Za-z_]\w*(?:[. ][A-Za-z_]\w*)*", re.ASCII)
_COLUMN = 60


def text(said: str) -> str:
    """Write a text as a plain word or path where it is one, else in double quotes."""
    if _PLAIN.fullmatch(said) and said.lower() not in _WORDS:
        return said
    return json.dumps(said, ensure_ascii=False)


def comment(said: str) -> str:
    """Keep a comment on its line, whatever names stand in it."""
    return "".join(sign if sign.isprintable() else "?" for sign in said)


def flow(items: Sequence[str]) -> str:
    """Write a list on one line."""
    return f"[{', '.join(items)}]"


def commented(line: str, why: str) -> str:
    """Put a comment behind a line, in a column of its own where there is room."""
    return f"{line:<{_COLUMN}}  # {comment(why)}" if why else line


def references(guesses: Sequence[Guess], pairs: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Write stated references: what they stand on, where they lead, and why."""
    for guess in guesses:
        why = f"{guess.confidence:.2g}: {guess.reason}"
        if len(guess.columns) > 1:
            ours, theirs = (
                ", ".join(quoted(name) for name in names)
                for names in (guess.columns, guess.target_columns)
            )
            yield text(f"({ours})"), text(f"{guess.target}.({theirs})"), why
        else:
            here = f"{quoted(guess.column)}[]" if guess.element else guess.column
            yield text(here), text(_target(guess)), why
    for pair in pairs:
        halves = [f"{text(half.value or '')}: {text(_target(half))}" for half in pair.halves]
        said = ", ".join([f"by: {text(pair.type_column)}", *halves])
        yield text(pair.id_column), f"{{{said}}}", "0.8: types are named like tables"


def _target(guess: Guess) -> str:
    return f"{guess.target}.{part(guess.target_columns[0])}"
