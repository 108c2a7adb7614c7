"""Whose data it is, and the way from each table to its subjects.

The shortest ways over keys decide, declared or guessed; forward first, and back over a unique
column (one author a post). Columns that only say who entered a row make nobody its subject unless
nothing else does, and then it is told. A way back that many may share is told as possible.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.suggest.groups import organisations, theirs
from klover.policy.suggest.guess import Guess, Ties, is_id, is_unique
from klover.policy.suggest.ties import Tied
from klover.policy.words import kinds
from klover.policy.words.split import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One path of a table to the subjects, as the policy writes it."""

    text: str
    confidence: float = 1.0
    reason: str = ""
    audit: bool = False


_NAMED = 0.9
"""How sure a guessed reference has to be to count like a declared one: the whole name says it."""

_NOBODYS = (
    kinds.GATHERINGS
    | kinds.REFERENCE
    | kinds.SORTS
    | kinds.PUBLIC
    | kinds.PUBLISHED
    | kinds.SETTING
    | kinds.PROGRAMS
)
"""Last words of tables that many people's rows refer to without its being theirs."""

Ways = Mapping[TableName, tuple[Way, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What was guessed of a whole database."""

    ties: Ties
    people: tuple[TableName, ...] = ()
    subjects: TableName | None = None
    key: tuple[str, ...] = ()
    ways: Ways = field(default_factory=dict)
    """From each table that reaches the subjects; empty for the subjects' own table."""
    possible: Mapping[TableName, Way] = field(default_factory=dict)
    """A way for tables that have none for sure: many rows may refer to one of theirs."""
    beside: frozenset[TableName] = frozenset()
    """Tables that reach people who are not the subjects: staff, suppliers."""
    together: frozenset[TableName] = frozenset()
    """Tables that hang off a thing that several people may share: a household, a device."""
    looked_up: frozenset[TableName] = frozenset()
    """Tables that rows of others surely refer to, many to one."""
    groups: frozenset[TableName] = frozenset()
    """Tables of organisations."""
    theirs: frozenset[TableName] = frozenset()
    """Tables that reach people only through an organisation's."""
    split: tuple[TableName, ...] = ()
    """Tables with one more row for each subject: a login beside a profile."""


def find_shape(catalog: Catalog, tied: Tied) -> Shape:
    """Choose the subjects and find every table's ways to them."""
    if not tied.people:
        return Shape(ties=tied.ties, looked_up=_looked_up(catalog, tied.ties))
    subjects = tied.people[0]
    ways: dict[TableName, tuple[Way, ...]] = {subjects: ()}
    _spread(catalog, ways, tied.people, tied.ties, audit=False)
    sure = dict(ways)
    _spread(catalog, ways, tied.people, tied.ties, audit=True)
    split = tuple(_split(catalog, tied.ties, subjects))
    groups = organisations(catalog, tied.people)
    possible = _possible(sure, tied.ties, (subjects, *split))
    together = _together(possible, ways, tied.ties)
    return Shape(
        ties=tied.ties,
        people=tied.people,
        subjects=subjects,
        key=row_key(catalog.tables[subjects]) or catalog.tables[subjects].uniques[0].columns,
        ways=ways,
        possible={**possible, **together},
        beside=_beside(ways, tied),
        together=frozenset(together),
        looked_up=_looked_up(catalog, tied.ties),
        groups=groups,
        theirs=theirs(tied.ties, groups, ways),
        split=split,
    )


def row_key(table: Table) -> tuple[str, ...]:
    """Tell the columns that tell rows apart: the primary key, or the first unique one."""
    if table.primary_key is not None:
        return table.primary_key.columns
    full = {column.name for column in table.columns if column.not_null}
    keys = [key.columns for key in table.uniques if full.issuperset(key.columns)]
    return min(keys, key=lambda columns: not is_id(columns, table), default=())


def is_made_up(column: Column, table: Table) -> bool:
    """Tell whether a column is an id that the database makes up for its row: a ``rowguid``."""
    made = column.base_type == "uuid" and "uuid" in (column.default or "")
    said, about = words(column.name), words(table.name.name)
    return made and said in {("row", "uuid"), ("uuid",), ("uid",), (*about, "uuid")}


def _looked_up(catalog: Catalog, ties: Ties) -> frozenset[TableName]:
    return frozenset(
        guess.target
        for name, tie in ties.items()
        for guess in tie.guesses
        if guess.confidence >= _NAMED and guess.target != name
        if not is_unique(catalog.tables[name], guess.columns)
    )


def _spread(
    catalog: Catalog,
    ways: dict[TableName, tuple[Way, ...]],
    people: tuple[TableName, ...],
    ties: Ties,
    *,
    audit: bool,
) -> None:
    """Add ways, nearest tables first, until nothing more is reached."""
    count = 0
    while count != len(ways):
        count = len(ways)
        while found := _forward(ways, people, ties, audit=audit):
            ways.update(found)
        ways.update(_backward(catalog, ways, ties))


def _forward(
    ways: Ways, people: tuple[TableName, ...], ties: Ties, *, audit: bool
) -> dict[TableName, tuple[Way, ...]]:
    """Find ways one key longer; a list of people counts, a list of things does not."""
    subjects = people[0]
    found = {}
    for name, tie in ties.items():
        if name in ways:
            continue
        usable = [
            guess
            for guess in tie.all()
            if (audit or not guess.audit) and (not guess.element or guess.target in people)
        ]
        direct = [_step(guess, Way(text="")) for guess in usable if guess.target == subjects]
        longer = [
            _step(guess, way)
            for guess in usable
            if guess.target in ways and guess.target != subjects
            for way in ways[guess.target]
            if not way.audit
        ]
        if direct or longer:
            shortest = min((_length(way) for way in longer), default=0)
            found[name] = _once(direct or [way for way in longer if _length(way) == shortest])
    return found


def _once(ways: list[Way]) -> tuple[Way, ...]:
    return tuple({way.text: way for way in ways}.values())


def _length(way: Way) -> int:
    return way.text.count(".") + way.text.count("from ")


def _step(guess: Guess, onward: Way) -> Way:
    here = quoted(guess.column)
    if guess.element:
        here += "[]"
    if guess.value is not None:
        here += f"({quoted(guess.value)})"
    joint = "" if not onward.text else " " if onward.text.startswith("from ") else "."
    weakest = min((guess.confidence, guess.reason), (onward.confidence, onward.reason))
    return Way(
        text=here + joint + onward.text,
        confidence=weakest[0],
        reason=weakest[1] or guess.reason,
        audit=guess.audit or onward.audit,
    )


def _backward(
    catalog: Catalog, ways: Ways, ties: Ties
) -> Iterator[tuple[TableName, tuple[Way, ...]]]:
    """Find ways back over declared keys on unique columns."""
    found: dict[TableName, list[Way]] = {}
    for source, guess in _declared(ways, ties):
        if not is_unique(catalog.tables[source], guess.columns):
            continue
        for way in _back(source, guess, ways):
            found.setdefault(guess.target, []).append(way)
    for target, texts in found.items():
        yield target, (min(texts, key=lambda way: (_length(way), way.text)),)


def _beside(ways: Ways, tied: Tied) -> frozenset[TableName]:
    """Find the tables without a way that refer to people without one, at any distance."""
    people = {name for name in tied.people if name not in ways}
    found = set(people)
    count = -1
    while count != len(found):
        count = len(found)
        found |= {
            name
            for name, tie in tied.ties.items()
            if name not in ways
            and any(guess.target in found and not guess.audit for guess in tie.all())
        }
    return frozenset(found - people)


def _possible(ways: Ways, ties: Ties, people: tuple[TableName, ...]) -> Mapping[TableName, Way]:
    """Find the shortest way back from people's own rows, where several may share the row."""
    found: dict[TableName, list[Way]] = {}
    for source, guess in _declared(ways, ties, declared=False):
        if source in people:
            found.setdefault(guess.target, []).extend(_back(source, guess, ways))
    return {
        name: min(texts, key=lambda way: (_length(way), way.text)) for name, texts in found.items()
    }


def _together(possible: Mapping[TableName, Way], ways: Ways, ties: Ties) -> Mapping[TableName, Way]:
    """Find what several people may share, an organisation of them apart, and what hangs off it."""
    known = {
        name: way for name, way in possible.items() if not set(words(name.name)[-1:]) & _NOBODYS
    }
    found = dict(known)
    count = -1
    while count != len(found):
        count = len(found)
        for name, tie in ties.items():
            if name in ways or name in found or name in possible:
                continue
            steps = [
                _step(guess, onward)
                for guess in tie.all()
                if not guess.audit and not guess.element
                if (onward := found.get(guess.target)) is not None
            ]
            if steps:
                found[name] = min(steps, key=lambda way: (_length(way), way.text))
    return found


def _declared(
    ways: Ways, ties: Ties, *, declared: bool = True
) -> Iterator[tuple[TableName, Guess]]:
    for source in ways:
        for guess in ties[source].guesses if source in ties else ():
            sure = guess.declared or (not declared and guess.confidence >= _NAMED)
            if sure and guess.target not in ways and not guess.audit:
                yield source, guess


def _back(source: TableName, guess: Guess, ways: Ways) -> Iterator[Way]:
    step = f"from {table_text(source)}.{quoted(guess.column)}"
    for way in ways[source] or (Way(text=""),):
        if "from " not in way.text:
            text = f"{step}.{way.text}" if way.text else step
            yield Way(text=text, confidence=0.8 * way.confidence, reason="by a key that leads here")


def _split(catalog: Catalog, ties: Ties, subjects: TableName) -> Iterator[TableName]:
    """Find tables with (nearly) one row a subject: people by name, or keyed by the reference."""
    for name, tie in ties.items():
        said = words(name.name)
        own = [guess for guess in tie.guesses if guess.target == subjects and not guess.audit]
        if name == subjects or len(own) != 1:
            continue
        person = bool(said) and kinds.PEOPLE.get(said[-1], 0) > 1
        if person or is_unique(catalog.tables[name], own[0].columns):
            yield name


def table_text(table: TableName) -> str:
    """Write a table's name for a path or a key of the policy."""
    schema = "" if table.schema == "public" else f"{quoted(table.schema)}."
    return schema + quoted(table.name)


def quoted(name: str) -> str:
    """Quote a name for a path where it is not plain."""
    if name.isidentifier() and name != "from":
        return name
    return '"' + name.replace('"', '""') + '"'
