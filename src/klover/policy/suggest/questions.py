"""Questions that only values can answer, and what the answers are worth.

A guess is asked about, and so is every column that looks like a reference and names no table. A few
small numbers stand in every key: numbers need many values, or one table alone that has them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from klover.catalog import Catalog, Table, TableName
from klover.policy.suggest.evidence import Answer, Evidence, Question
from klover.policy.suggest.guess import Guess, comparable, family
from klover.policy.suggest.keys import MARKS, SURE, WEAK, key_column, own_key
from klover.policy.words.split import words

_CONTAINED = 0.95
_FEW, _MANY = 5, 30
_MOST_TARGETS = 25


def open_questions(table: Table, catalog: Catalog, taken: frozenset[str]) -> Iterator[Question]:
    """Ask of columns that look like references but name no table in which key they stand."""
    own = own_key(table)
    for column in table.columns:
        said = words(column.name)
        kind = family(column.base_type)
        looks = kind == "uuid" or (bool(set(said) & MARKS) and kind in {"integer", "text"})
        if column.name in taken or column.name in own or not looks:
            continue
        asked = 0
        for target in catalog.base_tables():
            key = key_column(target, ("id",))
            if key is None or target.name == table.name or not comparable(column, key):
                continue
            yield Question(
                table=table.name,
                column=column.name,
                element=False,
                target=target.name,
                target_column=key.name,
            )
            asked += 1
            if asked == _MOST_TARGETS:
                break


def question(table: TableName, guess: Guess) -> Question:
    """Ask whether a guess of one column holds."""
    return Question(
        table=table,
        column=guess.columns[-1],
        element=guess.element,
        target=guess.target,
        target_column=guess.target_columns[-1],
    )


def by_values(questions: Mapping[str, list[Question]], evidence: Evidence) -> Iterator[Guess]:
    """Answer open questions: where a column's values all stand in exactly one table's key."""
    for column, asked in questions.items():
        held = [
            (one, evidence.answers[one])
            for one in asked
            if one in evidence.answers
            and evidence.answers[one].asked >= _FEW
            and evidence.answers[one].share >= _CONTAINED
        ]
        if len(held) != 1:
            continue
        one, answer = held[0]
        if answer.asked < _MANY and not _scattered(evidence, one):
            continue  # a few small numbers stand in every key
        yield Guess(
            columns=(column,),
            target=one.target,
            target_columns=(one.target_column,),
            confidence=WEAK,
            reason=f"by values: {answer.found} of {answer.asked} stand there",
        )


def _scattered(evidence: Evidence, one: Question) -> bool:
    """Tell whether values are of a kind that does not stand elsewhere by accident."""
    values = evidence.values(one.table, one.column)
    return any(not value.isdigit() for value in values)


def weigh(guess: Guess, answer: Answer | None) -> Guess | None:
    """Let values speak: drop a guess they contradict, be surer of one they bear out."""
    if answer is None or not answer.asked or guess.declared:
        return guess
    if answer.share < _CONTAINED and answer.asked >= _FEW:
        return None
    reason = f"{guess.reason}, {answer.found} of {answer.asked} sampled values stand there"
    sure = max(guess.confidence, SURE + 0.05) if answer.asked >= _FEW else guess.confidence
    return replace(guess, confidence=sure, reason=reason)
