"""All that ties tables together, declared and guessed, and the tables that hold people.

Two passes: names and keys first, which tell the tables of people; then what refers to people by
the part they play. Declared keys are never guessed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from klover.catalog import Catalog, Table, TableName
from klover.policy.identify import is_harmless
from klover.policy.labels import label
from klover.policy.suggest.evidence import Evidence, Question
from klover.policy.suggest.guess import Guess, Names, Tie, Ties, is_writable
from klover.policy.suggest.keys import by_name, table_names
from klover.policy.suggest.pairs import pairs
from klover.policy.suggest.people import rank
from klover.policy.suggest.questions import by_values, open_questions, question, weigh
from klover.policy.suggest.roles import (
    by_role,
    is_audit,
    is_entered_by,
    is_responsible,
    names_a_part,
)
from klover.policy.suggest.wide import by_wide_name
from klover.policy.words import kinds
from klover.policy.words.split import words

_PERSONAL = (
    "user.contact.email",
    "user.contact.phone_number",
    "user.name",
    "user.account.username",
    "user.authorization.password",
    "user.demographic.date_of_birth",
    "user.demographic.gender",
    "user.government_id",
)
_FINANCIAL = ("user.financial", "user.payment")
_EACH, _MOST, _INBOUND, _LEAST = 4, 12, 2, 7
_FAR = -20
_TOLD_OF = 3
_TELLING = 3 * _EACH
"""From how much of a person on, a table holds people whatever it is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """The ties of all tables, and the tables of people, the likeliest subjects first."""

    ties: Ties
    people: tuple[TableName, ...]


def tie(catalog: Catalog, evidence: Evidence) -> Tied:
    """Find what ties the tables of ``catalog`` together."""
    names = table_names(catalog)
    first = {table.name: _first(table, catalog, names, evidence) for table in catalog.base_tables()}
    people = _people(catalog, first)
    ties = {
        table.name: _second(table, catalog, first[table.name], people, evidence)
        for table in catalog.base_tables()
    }
    return Tied(ties=ties, people=people)


def questions(catalog: Catalog) -> tuple[Question, ...]:
    """List what only values can tell, for ``store/sample`` to answer; guesses first."""
    nothing = Evidence()
    tied = tie(catalog, nothing)
    guesses = [
        question(name, guess)
        for name, one in tied.ties.items()
        for guess in one.guesses
        if not guess.declared
    ]
    opened = [
        asked
        for table in catalog.base_tables()
        for asked in open_questions(table, catalog, tied.ties[table.name].columns())
    ]
    return tuple(dict.fromkeys([*guesses, *opened]))


def _first(table: Table, catalog: Catalog, names: Names, evidence: Evidence) -> Tie:
    bases = {base.name for base in catalog.base_tables()}
    parts = {part: base.name for base in catalog.base_tables() for part in base.partitions}
    declared = tuple(
        Guess(
            columns=key.columns,
            target=parts.get(key.target, key.target),
            target_columns=key.target_columns,
            declared=True,
            audit=_no_subject(table, key.columns[-1]),
        )
        for key in table.foreign_keys
        if parts.get(key.target, key.target) in bases
    )
    found = tuple(pairs(table, catalog, names, evidence))
    taken = Tie(guesses=declared, pairs=found).columns()
    wide = tuple(by_wide_name(table, catalog, names, taken))
    taken |= {guess.column for guess in wide}
    named = tuple(
        guess
        for one in by_name(table, catalog, names, taken)
        if (guess := _weighed(table, one, evidence)) is not None
    )
    guessed = tuple(replace(one, audit=_no_subject(table, one.column)) for one in wide + named)
    return Tie(guesses=declared + guessed, pairs=found)


def _no_subject(table: Table, column: str) -> bool:
    """Tell whether a column only says who entered a row, or who runs the thing."""
    entered = is_audit(words(column)) or is_entered_by(table, column)
    return entered or is_responsible(table, column)


def _second(
    table: Table,
    catalog: Catalog,
    before: Tie,
    people: tuple[TableName, ...],
    evidence: Evidence,
) -> Tie:
    parts = tuple(
        guess
        for one in by_role(table, catalog, before.columns(), people)
        if (guess := _weighed(table, one, evidence)) is not None
    )
    known = Tie(guesses=before.guesses + parts, pairs=before.pairs)
    asked: dict[str, list[Question]] = {}
    if evidence.answers:
        for one in open_questions(table, catalog, known.columns()):
            asked.setdefault(one.column, []).append(one)
    told = tuple(by_values(asked, evidence))
    return Tie(guesses=known.guesses + told, pairs=before.pairs)


def _weighed(table: Table, guess: Guess, evidence: Evidence) -> Guess | None:
    return weigh(guess, evidence.answers.get(question(table.name, guess)))


def _people(catalog: Catalog, ties: Mapping[TableName, Tie]) -> tuple[TableName, ...]:
    """Rank the tables of people: by name, by what refers to them, by what stands in them."""
    inbound: dict[TableName, int] = {}
    for name, one in ties.items():
        for target in {guess.target for guess in one.all() if not guess.audit} - {name}:
            inbound[target] = inbound.get(target, 0) + 1
    named = {
        table.name
        for table in catalog.base_tables()
        if kinds.PEOPLE.get((words(table.name.name) or ("",))[-1], 0) or _own(table) >= _MOST
    }
    scores: dict[TableName, int] = {}
    for table in catalog.base_tables():
        said = words(table.name.name)
        weight = kinds.PEOPLE.get(said[-1], 0) if said else 0
        own = _own(table)
        links = {guess.target for guess in ties[table.name].all() if not guess.audit}
        by_content = own >= _TELLING and not links.intersection(named)
        if not (weight or by_content) or not _has_key(table) or (not own and _ties(table, links)):
            continue
        score = weight + own + _INBOUND * inbound.get(table.name, 0)
        if score >= _LEAST:
            scores[table.name] = score
    return _told_of_first(rank(catalog, ties, scores, _own), inbound)


def _told_of_first(
    people: tuple[TableName, ...], inbound: Mapping[TableName, int]
) -> tuple[TableName, ...]:
    """Put people that no row is about, as an operator's logins, after those that many are about."""
    if not people or inbound.get(people[0]):
        return people
    return tuple(sorted(people, key=lambda name: inbound.get(name, 0) < _TOLD_OF))


def _ties(table: Table, links: set[TableName]) -> bool:
    """Tell whether rows only tie others together: who blocked whom."""
    return len(links) > 1 or sum(names_a_part(words(one.name)) for one in table.columns) > 1


def _has_key(table: Table) -> bool:
    """Tell whether a key tells rows apart, even one that the database would let be NULL."""
    keys = [table.primary_key] if table.primary_key is not None else table.uniques
    return any(all(map(is_writable, key.columns)) for key in keys)


def _own(table: Table) -> int:
    """Count what a person's row has; a table of money is rather a bank's account."""
    labels = [
        label(column.name) or ""
        for column in table.columns
        if not is_harmless(column) or column.base_type == "date"
    ]
    personal = sum(_EACH for prefix in _PERSONAL if any(one.startswith(prefix) for one in labels))
    money = any(one.startswith(_FINANCIAL) for one in labels)
    return min(personal, _MOST) + (_FAR if money and not personal else 0)
