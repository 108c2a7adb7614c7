"""A policy held against a catalog, as values: lineages, references, and what is seen.

``trace`` makes a ``Resolved``, ``sight`` makes the ``TableSight`` of an audience. Doors are
compiled and rows are moved from these values alone, so both rest on one reading of the policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from klover.catalog import Catalog, Table, TableName
from klover.policy.model import Coarsen, ColumnRule, EvidenceKind, Policy, TableRule

When = tuple[str, str]
"""A column that tells what another one refers to, and the value it has to have (as text)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One join: rows of ``source`` to rows of ``target`` where the columns are equal, in order.

    ``backward`` is True where the foreign key stands on the target's side (one row may then reach
    several). ``element``, ``when`` and ``texts`` are as in ``Reference``, of the side that the key
    stands on.
    """

    source: TableName
    source_columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    backward: bool = False
    element: bool = False
    when: When | None = None
    texts: frozenset[str] = frozenset()


Lineage = tuple[Hop, ...]
"""From a table's row to the subjects' table; empty for the subjects' table itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A foreign key (declared or stated) of a traced table."""

    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    declared: bool
    element: bool = False
    """True where the (single) column is an array each element of which refers."""
    when: When | None = None
    """One half of a polymorphic pair: it refers there only where the type column has the value."""
    texts: frozenset[str] = frozenset()
    """Those of ``columns`` that hold, as text, a number or uuid of the target.

    Such a value refers to the row whose key is written exactly so (``17``, never ``017``); any
    other text refers to a row that is not there.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedTable:
    """A table with the policy's rule, a rule for every column, and its ways to its subjects."""

    table: Table
    rule: TableRule
    key: tuple[str, ...]
    """The row key: the primary key, or the stated one, or the first unique NOT NULL key."""
    columns: Mapping[str, ColumnRule]
    """One rule for each column of ``table``, in the table's order; shared tables included."""
    lineages: tuple[Lineage, ...]
    """Empty for shared tables only; ``((),)`` for the subjects' table."""
    references: tuple[Reference, ...]
    parents: tuple[Reference, ...]
    """The references whose target row, when restricted, makes the row restricted.

    Of an array, any element's row does, one that is not there too. The halves of a pair are all
    here or none is: a row whose pair holds a value, but a type that none of them has (or NULL), is
    restricted, since nobody knows what it hangs off.
    """

    @property
    def name(self) -> TableName:
        """The table's name."""
        return self.table.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEvidence:
    """A piece of evidence for a subject's home: joins from the subjects' table, then the column."""

    kind: EvidenceKind
    lineage: Lineage
    column: str
    path: str
    """The path as the policy writes it."""
    line: int

    @property
    def text(self) -> str:
        """Name it for people: ``phone users.phone_number``."""
        return f"{self.kind} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A policy that fits a catalog.

    Every base table of the catalog is in ``tables``, and the views that the policy names.
    """

    policy: Policy
    catalog: Catalog
    tables: Mapping[TableName, TracedTable]
    home: tuple[TracedEvidence, ...]
    """Evidence for a subject's home; the first piece that tells a known country decides."""

    def base_tables(self) -> Mapping[TableName, TracedTable]:
        """Tell the tables that hold rows of their own, views left out."""
        return {name: traced for name, traced in self.tables.items() if traced.table.holds_rows}

    def children(self, name: TableName) -> tuple[TableName, ...]:
        """List the tables that inherit from ``name``, at any depth."""
        direct = [one for one, traced in self.tables.items() if name in traced.table.inherits]
        return tuple(found for one in direct for found in (one, *self.children(one)))


class Show(StrEnum):
    """How a column is shown."""

    CLEAR = "clear"
    PSEUDONYM = "pseudonym"
    COARSE = "coarse"
    PARTS = "parts"
    ABSENT = "absent"


class RowsShown(StrEnum):
    """Which rows are shown: none, those that are public, or all."""

    NONE = "none"
    PUBLIC = "public"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRow:
    """Whose row a value names: that of ``entity`` whose key the values of ``columns`` are.

    ``columns`` are of the table at hand, in the order of the entity's key; the pseudonym of a key
    of several columns stands in the last one. ``element`` and ``when`` are as in ``Reference``.
    """

    entity: TableName
    columns: tuple[str, ...]
    element: bool = False
    when: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSight:
    """A path inside a JSON column: what is below it is shown, or cut out of what is.

    The empty path is the column's whole value, there where everything but some parts is shown.
    """

    path: tuple[str, ...]
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSight:
    """How one column is shown, and why (one short clause for people)."""

    column: str
    show: Show
    reason: str
    names: tuple[NamedRow, ...] = ()
    """For pseudonyms: whose row the value names; several for a polymorphic pair only."""
    coarsen: Coarsen | None = None
    """For coarse values: how they are made so."""
    parts: tuple[PartSight, ...] = ()
    """For JSON columns of which parts are shown: every classified path, outer ones first."""

    @property
    def entity(self) -> TableName | None:
        """For pseudonyms: the first table whose row key the value is."""
        return self.names[0].entity if self.names else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSight:
    """What an audience sees of one table."""

    table: TableName
    rows: RowsShown
    columns: tuple[ColumnSight, ...]

    def shown(self) -> tuple[ColumnSight, ...]:
        """List the columns that are not absent."""
        return tuple(column for column in self.columns if column.show is not Show.ABSENT)
