"""What a migration would do, as values: who is inside, which rows go where, what stands in the way.

Counts, names of tables and columns, and country names that nobody recognised: only those that look
like a country's name or code and that many people have, since a rare one may be somebody's own.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

MANY = 10
"""People who have to share a spelling before it is shown."""

_COUNTRY_LIKE = re.compile(r"[^\W\d_][\w .,'\u2019()&/-]{0,39}\Z")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OddName:
    """A home that nobody recognised, and how many subjects have it; ``name`` is None if secret."""

    evidence: str
    name: str | None
    subjects: int
    values: int = 1
    """How many values it stands for: those that are not shown are told as one."""
    look: str | None = None
    """The SQL that lists such values, for whoever may read them where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedBy:
    """How many subjects one piece of evidence decided by telling one country."""

    evidence: str
    country: str
    inside: bool
    subjects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """How many subjects are inside (undecided ones included), outside, and undecided and why."""

    inside: int
    outside: int
    undecided: int
    without_home: int
    """Undecided because no evidence says anything."""
    unrecognised: int
    """Undecided because what the evidence says is no country that is known."""
    odd: tuple[OddName, ...]
    decided: tuple[DecidedBy, ...] = ()
    """By evidence in the policy's order, the most frequent country first."""
    countries_edition: str = ""
    addresses: str | None = None
    """The table of network addresses that was asked, and the day it was built."""

    @classmethod
    def from_json(cls, body: Json) -> "Homes":
        """Read what ``asdict`` told."""
        odd = tuple(OddName(**one) for one in body["odd"])
        decided = tuple(DecidedBy(**one) for one in body.get("decided", ()))
        return cls(**{**body, "odd": odd, "decided": decided})


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """One table's rows. ``inside`` counts ``mixed`` ones too; a row without a subject is unowned.

    ``stubs`` of the inside rows stay at the source, ``erased`` ones do not; ``guests`` are rows of
    others that come along. ``rows`` = inside + outside + unowned (all of them where shared).
    """

    table: str
    shared: bool
    rows: int
    inside: int = 0
    mixed: int = 0
    outside: int = 0
    unowned: int = 0
    guests: int = 0
    stubs: int = 0

    @property
    def erased(self) -> int:
        """Rows that do not stay at the source in any form."""
        return self.inside - self.stubs


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan. While ``problems`` is not empty nothing is moved."""

    source: str
    cell: str
    policy: str
    homes: Homes
    tables: tuple[TablePlan, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows that move in full."""
        return sum(table.inside for table in self.tables)

    def to_json(self) -> Json:
        """Tell the plan as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Json) -> "Plan":
        """Read what ``to_json`` told."""
        return cls(
            source=body["source"],
            cell=body["cell"],
            policy=body["policy"],
            homes=Homes.from_json(body["homes"]),
            tables=tuple(TablePlan(**table) for table in body["tables"]),
            problems=tuple(body["problems"]),
            notes=tuple(body["notes"]),
        )


def shown_name(value: str, subjects: int) -> str | None:
    """Tell an unrecognised home if many have it and it looks like a country's name, else None."""
    return value if subjects >= MANY and _COUNTRY_LIKE.match(value.strip()) else None
