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
from klover.policy.admission import Claim, Limits, Window
from klover.policy.countries import BUILT_IN, Countries
from klover.policy.rules import (
    Backward,
    Coarsen,
    Coarsening,
    ColumnRule,
    DataClass,
    Defaults,
    Forward,
    Identifies,
    Path,
    PathRule,
    Rows,
    StatedKey,
    TableRule,
    Unique,
)
from klover.policy.signing import Signing

__all__ = [
    "Application",
    "Audience",
    "Backward",
    "Coarsen",
    "Coarsening",
    "ColumnRule",
    "DataClass",
    "Defaults",
    "Forward",
    "Identifiers",
    "Identifies",
    "Network",
    "Never",
    "Path",
    "PathRule",
    "Place",
    "Policy",
    "Region",
    "Requires",
    "Rows",
    "StatedKey",
    "Subjects",
    "TableRule",
    "Unique",
]


class Identifiers(StrEnum):
    """How an audience is shown identifiers."""

    PSEUDONYMISED = "pseudonymised"
    CLEAR = "clear"


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
    key: tuple[str, ...]
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
    hours: tuple[Window, ...] = ()
    """When it is open; always where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Principals who are shown the same. ``located`` is never optional."""

    name: str
    groups: tuple[str, ...]
    located: Region
    sees: frozenset[DataClass]
    identifiers: Identifiers = Identifiers.PSEUDONYMISED
    requires: Requires = Requires()
    claims: tuple[Claim, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where the network address has to lie; anywhere where there is none."""
    limits: Limits = field(default_factory=Limits)
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """The line of each key of ``who``, ``requires`` and the audience itself."""

    def line_of(self, key: str) -> int:
        """Tell the line on which ``key`` is said; the audience's own where it is left out."""
        return self.lines.get(key, self.line)

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
    defaults: Defaults = field(default_factory=Defaults)
    tables_line: int = 0
    """Where ``tables:`` stands; for what is missing there."""
    countries_line: int = 0
    """Where ``countries:`` stands; 0 where it does not."""
    signing: Signing | None = None
    """Who may change the policy; None in a trial, where whoever holds the file may."""
