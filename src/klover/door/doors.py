"""Compiled doors, as values: what has to stand in the database, and nothing of what does.

``compile`` makes them from a policy, ``diff`` holds them against a ``State``, ``apply`` carries
the difference out. SQL text in here is complete and quoted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from klover.catalog import TableName


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewColumn:
    """One column of a view: a column of the table, or the pseudonym that stands for it."""

    name: str
    entity: TableName | None = None
    """For pseudonyms: the table whose row the value stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view: its name, the table behind it, its columns in order and its query."""

    name: TableName
    table: TableName
    columns: tuple[ViewColumn, ...]
    query: str
    conceals: bool
    """Whether it leaves rows out."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the query as compiled."""
        return hashlib.sha256(self.query.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonyms:
    """A table of pseudonyms for one audience and one kind of row."""

    table: TableName
    entity: TableName
    key: str


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
    pseudonyms: tuple[Pseudonyms, ...]

    @property
    def conceals_rows(self) -> bool:
        """Whether a view leaves rows out, so that an EXPLAIN would tell of rows not shown."""
        return any(view.conceals for view in self.views)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """A trigger function that keeps pseudonyms complete, and the tables it stands on."""

    function: str
    entity: TableName
    tables: tuple[TableName, ...]
    body: str


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
            parts += [part for view in door.views for part in (str(view.name), view.query)]
            for table, columns in sorted(door.reads.items()):
                parts += [f"{table.schema}.{table.name}", *sorted(columns)]
            for part in parts:
                whole.update(part.encode() + b"\0")
        for keeper in self.keepers:
            whole.update(keeper.body.encode() + b"\0")
        return whole.hexdigest()
