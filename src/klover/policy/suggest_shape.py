"""Guessing the shape of a database: who its subjects are, and how tables reach them.

Declared keys first, then columns whose name and type say what they refer to (``account_id`` with
a table ``accounts``); polymorphic pairs (``target_id`` with ``target_type``) are left alone.
Everything here is a guess that a person reads, so ties and doubts are told, not hidden.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from klover.catalog import Catalog, Column, Table, TableName
from klover.policy.labels import label

PEOPLE = (
    ("account", 8),
    ("user", 8),
    ("person", 8),
    ("people", 8),
    ("customer", 8),
    ("member", 6),
    ("client", 5),
    ("subscriber", 5),
    ("patient", 8),
    ("employee", 4),
    ("contact", 3),
    ("profile", 2),
)
"""Names of tables that hold people (singular), with how strongly they say so."""
_COUNTRY_COLUMNS = ("country_code", "country_iso", "country_iso2", "country", "nation")
_COUNTRY_TABLES = ("country", "countries")
_MAX_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A reference of one column; ``declared`` is False where only its name says so."""

    column: str
    target: TableName
    target_column: str
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What was guessed of a whole database."""

    subjects: TableName | None
    key: str
    references: Mapping[TableName, tuple[Guess, ...]] = field(default_factory=dict)
    ways: Mapping[TableName, tuple[str, ...]] = field(default_factory=dict)
    """Path texts from each table that reaches the subjects."""
    home: str | None = None


def guess_shape(catalog: Catalog) -> Shape:
    """Guess the subjects, the references and the ways to the subjects."""
    references = {table.name: tuple(_references(table, catalog)) for table in catalog.base_tables()}
    subjects = _subjects(catalog, references)
    if subjects is None:
        return Shape(subjects=None, key="", references=references)
    key = catalog.tables[subjects].primary_key
    return Shape(
        subjects=subjects,
        key=key.columns[0] if key else catalog.tables[subjects].columns[0].name,
        references=references,
        ways=_ways(catalog, subjects, references),
        home=_home(catalog, subjects, references),
    )


def singular(name: str) -> str:
    """Take an English plural's ending off a table's name."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ses", "s"), ("s", "")):
        if name.endswith(ending) and not name.endswith("ss"):
            return name[: -len(ending)] + instead
    return name


def _references(table: Table, catalog: Catalog) -> Iterator[Guess]:
    declared = {key.columns[0]: key for key in table.foreign_keys if len(key.columns) == 1}
    for column in table.columns:
        key = declared.get(column.name)
        if key is not None:
            yield Guess(
                column=column.name,
                target=key.target,
                target_column=key.target_columns[0],
                declared=True,
            )
            continue
        guess = _by_name(table, column, catalog)
        if guess is not None:
            yield guess


def _by_name(table: Table, column: Column, catalog: Catalog) -> Guess | None:
    """Guess by name: the longest ending of ``parent_account_id`` that is a table's name."""
    stem = column.name.removesuffix("_id")
    if stem == column.name or table.column(f"{stem}_type") is not None:
        return None
    parts = stem.split("_")
    for start in range(len(parts)):
        wanted = "_".join(parts[start:])
        for target in catalog.base_tables():
            key = target.primary_key
            if target.name.schema != table.name.schema or key is None or len(key.columns) != 1:
                continue
            name = target.name.name
            there = target.column(key.columns[0])
            if (
                wanted in {name, singular(name)}
                and there is not None
                and there.base_type == column.base_type
                and (target.name, there.name) != (table.name, column.name)
            ):
                return Guess(
                    column=column.name,
                    target=target.name,
                    target_column=there.name,
                    declared=False,
                )
    return None


def _subjects(
    catalog: Catalog, references: Mapping[TableName, tuple[Guess, ...]]
) -> TableName | None:
    """Choose the table that is named for people and that most tables refer to."""
    inbound: dict[TableName, int] = {}
    for guesses in references.values():
        for target in {guess.target for guess in guesses}:
            inbound[target] = inbound.get(target, 0) + 1
    scores = {}
    for table in catalog.base_tables():
        weight = dict(PEOPLE).get(singular(table.name.name.lower()), 0)
        if weight and table.primary_key is not None and len(table.primary_key.columns) == 1:
            scores[table.name] = weight + 2 * inbound.get(table.name, 0)
    return max(sorted(scores), key=lambda name: scores[name], default=None)


def _ways(
    catalog: Catalog, subjects: TableName, references: Mapping[TableName, tuple[Guess, ...]]
) -> Mapping[TableName, tuple[str, ...]]:
    """Find each table's shortest ways to the subjects, all of the shortest length.

    Forward first, in rounds; then back over keys, for tables that look personal and that
    only traced rows refer to (an address that customers refer to).
    """
    ways: dict[TableName, tuple[str, ...]] = {subjects: ()}
    _forward(ways, subjects, references)
    for table in catalog.base_tables():
        if table.name in ways or not any(label(column.name) for column in table.columns):
            continue
        back = [
            f"from {_name(source)}.{_quoted(guess.column)}" + (f".{way}" if way else "")
            for source, guesses in sorted(references.items())
            for guess in guesses
            if guess.target == table.name and source in ways
            for way in ways[source] or ("",)
            if "from " not in way
        ]
        if back:
            ways[table.name] = tuple(sorted(set(back), key=lambda way: (way.count("."), way)))[:1]
    _forward(ways, subjects, references)
    return ways


def _forward(
    ways: dict[TableName, tuple[str, ...]],
    subjects: TableName,
    references: Mapping[TableName, tuple[Guess, ...]],
) -> None:
    while True:
        found = {}
        for name, guesses in references.items():
            if name in ways:
                continue
            direct = [_quoted(guess.column) for guess in guesses if guess.target == subjects]
            longer = [
                f"{_quoted(guess.column)}{' ' if way.startswith('from ') else '.'}{way}"
                for guess in guesses
                if guess.target in ways and guess.target != subjects
                for way in ways[guess.target]
            ]
            if direct or longer:
                found[name] = tuple(direct or longer)
        if not found:
            return
        ways.update(found)


def _home(
    catalog: Catalog, subjects: TableName, references: Mapping[TableName, tuple[Guess, ...]]
) -> str | None:
    """Find the nearest column that is named for a country, at most four keys away."""
    ways: list[tuple[str, TableName]] = [("", subjects)]
    seen = {subjects}
    for _ in range(_MAX_STEPS):
        for prefix, name in ways:
            found = _country_column(catalog.tables[name])
            if found is not None:
                return prefix + _quoted(found)
        onward = []
        for prefix, name in ways:
            for guess in references.get(name, ()):
                if guess.declared and guess.target not in seen and guess.target in references:
                    seen.add(guess.target)
                    onward.append((f"{prefix}{_quoted(guess.column)}.", guess.target))
        ways = onward
    return None


def _country_column(table: Table) -> str | None:
    names = [column.name for column in table.columns]
    wanted: tuple[str, ...] = _COUNTRY_COLUMNS
    if table.name.name in _COUNTRY_TABLES:
        wanted = (*wanted, "code", "iso2", "iso", "name")
    return next((name for name in wanted if name in names), None)


def _name(table: TableName) -> str:
    schema = "" if table.schema == "public" else f"{_quoted(table.schema)}."
    return schema + _quoted(table.name)


def _quoted(name: str) -> str:
    """Quote a name for a path where it is not plain."""
    if name.isidentifier() and name != "from":
        return name
    return '"' + name.replace('"', '""') + '"'
