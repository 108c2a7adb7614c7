"""Guessing the shape of a database: who its subjects are, and how tables reach them.

Declared keys first, then columns whose name and type say what they refer to (``account_id`` with
a table ``accounts``); polymorphic pairs (``target_id`` with ``target_type``) are left alone.
Everything here is a guess that a person reads, so ties and doubts are told, not hidden.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from klover.catalog import Catalog, Column, Table, TableName

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


References = Mapping[TableName, tuple[Guess, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What was guessed of a whole database."""

    subjects: TableName | None
    key: str
    references: References = field(default_factory=dict)
    ways: Mapping[TableName, tuple[str, ...]] = field(default_factory=dict)
    """Path texts from each table that reaches the subjects."""
    possible: Mapping[TableName, str] = field(default_factory=dict)
    """A way for tables that have none for sure: many rows may refer to one of theirs."""
    home: str | None = None


def guess_shape(catalog: Catalog) -> Shape:
    """Guess the subjects, the references and the ways to the subjects."""
    references = {table.name: tuple(_references(table, catalog)) for table in catalog.base_tables()}
    subjects = _subjects(catalog, references)
    if subjects is None:
        return Shape(subjects=None, key="", references=references)
    key = catalog.tables[subjects].primary_key
    ways, possible = _ways(catalog, subjects, references)
    return Shape(
        subjects=subjects,
        key=key.columns[0] if key else catalog.tables[subjects].columns[0].name,
        references=references,
        ways=ways,
        possible=possible,
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


def _subjects(catalog: Catalog, references: References) -> TableName | None:
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
    catalog: Catalog, subjects: TableName, references: References
) -> tuple[Mapping[TableName, tuple[str, ...]], Mapping[TableName, str]]:
    """Find each table's shortest ways to the subjects, all of the shortest length.

    Forward over keys, and back over a unique column (one creator a post). A way back over a
    column that is not unique (customers share an address) is only told as possible.
    """
    ways: dict[TableName, tuple[str, ...]] = {subjects: ()}
    count = 0
    while count != len(ways):
        count = len(ways)
        _forward(ways, subjects, references)
        back = _backward(catalog, ways, references, unique=True)
        ways.update({name: (way,) for name, way in back.items()})
    return ways, _backward(catalog, ways, references, unique=False)


def _backward(
    catalog: Catalog,
    ways: Mapping[TableName, tuple[str, ...]],
    references: References,
    *,
    unique: bool,
) -> Mapping[TableName, str]:
    """Find the shortest way back for each table without one, over declared keys."""
    found: dict[TableName, list[str]] = {}
    for source, guesses in references.items():
        for guess in guesses:
            if source not in ways or guess.target in ways or not guess.declared:
                continue
            if unique and not _is_unique(catalog.tables[source], guess.column):
                continue
            step = f"from {_name(source)}.{_quoted(guess.column)}"
            for way in ways[source] or ("",):
                if "from " not in way:
                    found.setdefault(guess.target, []).append(f"{step}.{way}" if way else step)
    return {
        name: min(texts, key=lambda way: (way.count("."), way)) for name, texts in found.items()
    }


def _is_unique(table: Table, column: str) -> bool:
    keys = [*table.uniques, *([table.primary_key] if table.primary_key else [])]
    return any(key.columns == (column,) for key in keys)


def _forward(
    ways: dict[TableName, tuple[str, ...]],
    subjects: TableName,
    references: References,
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


def _home(catalog: Catalog, subjects: TableName, references: References) -> str | None:
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
