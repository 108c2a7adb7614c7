"""Compiled doors, as values: what has to stand in the database, and nothing of what does.

``compile`` makes them from a policy, ``diff`` holds them against a ``State``, ``apply`` carries
the difference out. SQL text in here is complete and quoted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from klover.catalog import TableName
from klover.policy.resolved import NamedRow, Show


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """Which generations of an audience's pseudonyms stand: one, or two while they change."""

    current: int = 1
    previous: int | None = None
    """Still answered for: the door tells which current one took its place."""
    coming: int | None = None
    """Being filled; nothing shows it yet."""

    def all(self) -> tuple[int, ...]:
        """List every epoch that has a key, the current one first."""
        return (self.current, *(each for each in (self.previous, self.coming) if each))


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    """One column of a view, and the column of the table that its values are made from."""

    name: str
    source: str
    show: Show = Show.CLEAR
    origin: tuple[TableName, str] | None = None
    """Where Postgres says its values come from; None for computed ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view: its name, the table behind it, its columns in order and its query."""

    name: TableName
    table: TableName
    columns: tuple[ViewColumn, ...]
    query: str
    conceals: bool
    """Whether it leaves rows out."""
    barrier: bool
    """Whether it is a ``security_barrier``: no predicate looks at a row before it shows."""
    reads: Mapping[TableName, frozenset[str]] = field(default_factory=dict)
    """What it may read, where the proof asks."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the query as compiled."""
        return hashlib.sha256(self.query.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A column that Klover keeps in the application's table: pseudonyms for one audience."""

    audience: str
    epoch: int
    table: TableName
    column: str
    """The column whose place it takes in views."""
    name: str
    names: tuple[NamedRow, ...]
    check: str
    """What holds of every row, as SQL: a pseudonym where a row is named, none where not."""
    unique: bool
    """True for the table's own row key."""

    @property
    def array(self) -> bool:
        """Whether it holds a pseudonym for each element of an array."""
        return any(each.element for each in self.names)

    @property
    def type(self) -> str:
        """The column's type."""
        return "uuid[]" if self.array else "uuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Everything one audience has."""

    audience: str
    schema: str
    owner: str
    role: str
    sessions: tuple[str, ...]
    views: tuple[View, ...]
    reads: Mapping[TableName, frozenset[str]]
    """The columns of base tables that the owner role needs, conditions and joins included."""
    epochs: Epochs = Epochs()

    @property
    def conceals_rows(self) -> bool:
        """Whether a view leaves rows out, so that an EXPLAIN would tell of rows not shown."""
        return any(view.conceals for view in self.views)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """The trigger function of one table that computes its stored pseudonyms."""

    function: str
    table: TableName
    stored: tuple[Stored, ...]
    body: str
    settings: tuple[str, ...]
    """What the function runs under, as pg_proc.proconfig writes it."""
    when: str
    """Which updates it is called for, as Postgres prints it but with every name in quotes."""

    @property
    def plain_when(self) -> str:
        """That condition without quotes: Postgres writes them only where a name needs them."""
        return self.when.replace('"', "")

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the function's text."""
        return hashlib.sha256(self.body.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A row condition of the policy, to be shown to Postgres before anything is built on it."""

    table: TableName
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """All doors of one database, as one policy gives them."""

    database: str
    policy: str
    policy_file: str
    doors: tuple[Door, ...]
    keepers: tuple[Keeper, ...]
    predicates: tuple[Predicate, ...]
    countries: str
    """The edition of the country data that the decisions rest on."""
    applications: tuple[str, ...] = ()
    """Roles that connect without a door; they keep what PUBLIC had."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What every session role starts with."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all that is compiled."""
        whole = hashlib.sha256()
        for door in self.doors:
            parts = [door.schema, door.owner, door.role, *door.sessions]
            parts += [str(epoch) for epoch in door.epochs.all()]
            parts += [part for view in door.views for part in (str(view.name), view.query)]
            for table, columns in sorted(door.reads.items()):
                parts += [f"{table.schema}.{table.name}", *sorted(columns)]
            for part in parts:
                whole.update(part.encode() + b"\0")
        for keeper in self.keepers:
            whole.update(f"{keeper.body} {keeper.when}".encode() + b"\0")
            for stored in keeper.stored:
                whole.update(f"{stored.name} {stored.check}".encode() + b"\0")
        return whole.hexdigest()
