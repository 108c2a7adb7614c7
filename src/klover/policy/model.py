"""What ``klover.yaml`` says, as frozen values, with the line each part stands on.

Nothing here has been held against a database: ``trace`` does that. Every choice that the file
left open has already been filled with the strict one (a column nobody classified is restricted).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from klover.catalog import TableName
from klover.policy.countries import BUILT_IN, Countries


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


class Identifiers(StrEnum):
    """How an audience is shown identifiers."""

    PSEUDONYMISED = "pseudonymised"
    CLEAR = "clear"


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
    """Follow the foreign key that stands on ``column`` of the row at hand."""

    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backward:
    """Go to the rows of ``table`` whose ``column`` refers to the row at hand."""

    table: TableName
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """A way from a row, step by step.

    Text form: ``video_id.account_id``, each step a column that refers onward; or
    ``from customer.address_id``, which first goes back to the rows of ``customer`` that refer
    here, then may go on (``from store.address_id.manager_id``). Both may follow one another.
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
    declared: bool = False
    line: int = 0


class Rows(StrEnum):
    """Which rows of a table are not restricted; ``PREDICATE`` goes with the text of one."""

    NONE = "none"
    ALL = "all"
    PREDICATE = "predicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedKey:
    """A reference the database does not declare: ``references: {owner: accounts.id}``."""

    column: str
    target: TableName
    target_column: str
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
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A set of jurisdictions: names of groups and ISO codes, negated by ``not``, or ``any``."""

    names: tuple[str, ...] = ()
    negated: bool = False
    everywhere: bool = False
    line: int = 0


class EvidenceKind(StrEnum):
    """What a column tells of where somebody lives; ``evidence`` reads its values."""

    COUNTRY = "country"
    PHONE = "phone"
    LOCALE = "locale"
    TIME_ZONE = "time_zone"
    IP = "ip"

    @property
    def words(self) -> str:
        """Say what such a column holds."""
        return {"phone": "phone number", "time_zone": "time zone", "ip": "network address"}.get(
            self.value, self.value
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A piece of evidence for homes: the last step of ``path`` is the column that holds it."""

    kind: EvidenceKind
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whose data it is. ``home`` lists evidence in order; the first known one decides.

    ``home: none`` leaves it empty: nothing is known of anybody's home, so all count as inside.
    """

    table: TableName
    key: str
    home: tuple[Evidence, ...]
    inside: Region
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Requires:
    """What an audience asks for at the door."""

    purposes: tuple[str, ...] = ()
    reference: str | None = None
    """A regular expression (full match) for the reference that goes with the purpose."""
    approvals: int = 0
    expires: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Principals who are shown the same. ``located`` is never optional."""

    name: str
    groups: tuple[str, ...]
    located: Region
    sees: frozenset[DataClass]
    identifiers: Identifiers = Identifiers.PSEUDONYMISED
    requires: Requires = Requires()
    line: int = 0

    @property
    def slug(self) -> str:
        """The name as part of the names of schemas and roles: ``trust_and_safety``."""
        return self.name.replace("-", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An address range whose country is known, or lies among those of ``where``."""

    range: IPv4Network | IPv6Network
    where: Region
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A direct connection inside; it does not pass a door."""

    name: str
    certificate: str
    role: str
    hosts: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Anything else that may hold data."""

    name: str
    kind: str
    jurisdiction: str
    """A country's code, a group's name, or ``unknown``."""
    state: str
    """``declared`` or ``unknown``."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What must not happen: no audience located in ``located`` may have any of these."""

    located: Region
    sees: frozenset[DataClass] = frozenset()
    identifiers: Identifiers | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One whole policy. ``digest`` is SHA-256 (hex) of the file's bytes."""

    file: str
    digest: str
    enclave: str
    rests_in: Region
    subjects: Subjects
    tables: Mapping[TableName, TableRule]
    audiences: Mapping[str, Audience]
    stays_outside: frozenset[DataClass] = frozenset({DataClass.INTEROPERABLE})
    """Classes whose values may stay at a source after ``retire``: in stubs and in public rows."""
    networks: tuple[Network, ...] = ()
    applications: Mapping[str, Application] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    nevers: tuple[Never, ...] = ()
    countries: Countries = BUILT_IN
    """The edition of the country data that every region of this policy is read with."""
