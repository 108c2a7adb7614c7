"""Texts as YAML writes them: plain where they are plain, else in double quotes."""

import json
from collections.abc import Iterator, Sequence

from klover.policy.suggest.guess import Guess, Pair

_WORDS = frozenset({"null", "true", "false", "none", "shared"})
_COLUMN = 60


def text(said: str) -> str:
    """Write a text as a plain word or path where it is one, else in double quotes."""
    plain = said.replace(".", "").replace("_", "").replace(" ", "")
    if plain.isascii() and plain.isalnum() and plain[0].isalpha() and said.lower() not in _WORDS:
        return said
    return json.dumps(said, ensure_ascii=False)


def flow(items: Sequence[str]) -> str:
    """Write a list on one line."""
    return f"[{', '.join(items)}]"


def commented(line: str, why: str) -> str:
    """Put a comment behind a line, in a column of its own where there is room."""
    return f"{line:<{_COLUMN}}  # {why}" if why else line


def references(guesses: Sequence[Guess], pairs: Sequence[Pair]) -> Iterator[tuple[str, str, str]]:
    """Write stated references: what they stand on, where they lead, and why."""
    for guess in guesses:
        why = f"{guess.confidence:.1f}: {guess.reason}"
        if len(guess.columns) > 1:
            target = f"{guess.target}.({', '.join(guess.target_columns)})"
            yield text(f"({', '.join(guess.columns)})"), text(target), why
        else:
            mark = "[]" if guess.element else ""
            yield text(guess.column + mark), text(f"{guess.target}.{guess.target_columns[0]}"), why
    for pair in pairs:
        halves = [
            f"{text(half.value or '')}: {text(f'{half.target}.{half.target_columns[0]}')}"
            for half in pair.halves
        ]
        said = ", ".join([f"by: {text(pair.type_column)}", *halves])
        yield text(pair.id_column), f"{{{said}}}", "0.8: types are named like tables"
