"""What the policy says of tables and columns, as frozen values with the line each stands on.

The words for one row's way to its subjects (``Path``), for one column (``ColumnRule``) and for one
table (``TableRule``), and the defaults that fill in by pattern. Everything else of a policy is in
``model``, which names these too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from klover.catalog import TableName


class DataClass(StrEnum):
    """The classes of DESIGN: who may see a column. A column without one is restricted."""

    RESTRICTED = "restricted"
    INTEROPERABLE = "interoperable"
    PUBLIC = "public"


class Identifies(StrEnum):
    """Whether a value singles out a person; decides what is pseudonymised."""

    NO = "no"
    INDIRECTLY = "indirectly"
    DIRECTLY = "directly"


class Unique(StrEnum):
    """How far a unique constraint reaches once two databases accept writes."""

    LOCAL = "local"
    GLOBAL = "global"


class Coarsening(StrEnum):
    """The transforms that make a value coarser; each keeps the column's type."""

    YEAR = "year"
    MONTH = "month"
    NETWORK = "network"
    REGION = "region"
    ROUND = "round"
    FIRST = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarsen:
    """One transform with its argument: the step of ``round``, the length of ``first``."""

    by: Coarsening
    argument: int | None = None

    def __str__(self) -> str:
        """Tell it as the policy writes it: ``year``, ``round 10``."""
        return f"{self.by} {self.argument}" if self.argument is not None else str(self.by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Follow the key that stands on ``column`` of the row at hand.

    ``more`` are the other columns of a step that names several; ``element``: the column is an
    array of which each element refers; ``value``: the half of a pair to follow.
    """

    column: str
    more: tuple[str, ...] = ()
    element: bool = False
    value: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the step names."""
        return (self.column, *self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backward:
    """Go to the rows of ``table`` whose ``column`` refers to the row at hand; see ``Forward``."""

    table: TableName
    column: str
    more: tuple[str, ...] = ()
    element: bool = False
    value: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that the step names."""
        return (self.column, *self.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way from a row, step by step.

    Text form: ``video_id.account_id``, each step a column that refers onward; or
    ``from customer.address_id``, which first goes back to the rows of ``customer`` that refer
    here, then may go on (``from store.address_id.manager_id``). Both may follow one another.
    ``members[]`` follows each element, ``topic_id(Video)`` one half of a pair, ``(a, b)`` a key of
    several columns.
    """

    steps: tuple[Forward | Backward, ...]
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """What the policy says of one column. ``declared`` is False where it says nothing."""

    data_class: DataClass = DataClass.RESTRICTED
    identifies: Identifies = Identifies.DIRECTLY
    identifies_stated: bool = False
    """False where the file leaves ``identifies`` open; ``trace`` then fills it from the type."""
    category: str | None = None
    unique: Unique | None = None
    stub: str | None = None
    """The text that stands in a stub or guest where the column may not be NULL.

    ``{key}`` in it stands for the row's key, so that a unique column can have one.
    """
    coarsen: Coarsen | None = None
    """How audiences under pseudonyms see a column that identifies indirectly; None: not at all."""
    coarse_of: tuple[str, ...] = ()
    """What a computed column tells less of than is stored there, on purpose; see ``computed``."""
    paths: tuple["PathRule", ...] = ()
    """What is said of parts of a JSON column, outer ones first."""
    by: str | None = None
    """The pattern under ``defaults`` that said it, and not the table's own entry."""
    declared: bool = False
    line: int = 0

    @property
    def strictest(self) -> DataClass:
        """The strictest class among the column's own and those of its parts."""
        found = {self.data_class, *(part.rule.data_class for part in self.paths)}
        return next(data_class for data_class in DataClass if data_class in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRule:
    """What the policy says of one path inside a JSON column: the keys on the way to it."""

    path: tuple[str, ...]
    rule: ColumnRule

    @property
    def text(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


class Rows(StrEnum):
    """Which rows of a table are not restricted; ``PREDICATE`` goes with the text of one."""

    NONE = "none"
    ALL = "all"
    PREDICATE = "predicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedKey:
    """A reference the database does not declare: ``references: {owner: accounts.id}``.

    ``element`` is True for ``members[]``, ``when`` tells the type column and its value for one half
    of a pair.
    """

    columns: tuple[str, ...]
    target: TableName
    target_columns: tuple[str, ...]
    element: bool = False
    when: tuple[str, str] | None = None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRule:
    """What the policy says of one table.

    Either ``shared`` (nobody's data: stands whole on both sides, columns public unless they are
    classified) or traced to subjects by at least one path (the subjects' own table has none).
    """

    name: TableName
    shared: bool = False
    subjects: tuple[Path, ...] = ()
    public_rows: Rows = Rows.NONE
    predicate: str | None = None
    """SQL over the table's own columns; a row is public only where it IS TRUE."""
    hangs_off: tuple[str, ...] | None = None
    """The columns whose target row, when restricted, makes this row restricted.

    None: every foreign key to a table some of whose rows are restricted.
    """
    key: tuple[str, ...] | None = None
    """The row key where the database declares none."""
    references: tuple[StatedKey, ...] = ()
    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    by: str | None = None
    """The pattern under ``defaults`` that said how the rows are traced, or that they are shared."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefault:
    """A rule for tables whose name fits ``pattern`` and that say nothing themselves."""

    pattern: str
    rule: TableRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDefault:
    """A rule for columns whose name fits ``pattern`` and of which their table says nothing."""

    pattern: str
    rule: ColumnRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Rules by pattern. An entry of its own wins; among these the first that fits decides."""

    tables: tuple[TableDefault, ...] = ()
    columns: tuple[ColumnDefault, ...] = ()
