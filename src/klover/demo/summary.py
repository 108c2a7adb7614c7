"""What the demonstration found, as one value; ``docs/demo.md`` documents its JSON form.

``ok`` is True only if every check holds; nothing else decides the exit code.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import klover


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that has to hold, in words, and whether it did."""

    name: str
    holds: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """People by where they live; the undecided count as inside and are in ``inside`` too."""

    inside: int
    outside: int
    undecided: int
    undecided_values: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that moved, what the comparison said, and what was done at the source."""

    moved: int
    guests: int
    equal: int
    different: int
    erased: int
    stubs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceScan:
    """Restricted values found at the source by a scan of all its text columns."""

    restricted_before: int
    restricted_left: int
    columns: int
    values_sought: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Rows of one American's feed at the source, before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One client session; ``simulated`` says that the place is."""

    name: str
    place: str
    simulated: bool
    audience: str
    door: str | None
    statements: int
    refused: int
    denied: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the verifier said of the log's files."""

    size: int
    root: str
    verified: bool
    cosigned_by: tuple[str, ...]
    statements_recorded: int
    inclusion_proofs: int
    tampered_detected: bool
    resigned_detected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole."""

    people: int
    seed: int
    subjects: Subjects
    rows: Rows
    source: SourceScan
    feed: Feed
    sessions: tuple[Session, ...]
    log: Log
    steps: Mapping[str, float]
    """Seconds for each step."""
    seconds: float
    """Seconds for the job, without the set-up of the virtual environment."""
    memory_mb: int
    """The most that our own process held in memory at one time."""
    checks: tuple[Check, ...]
    not_proved: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Tell whether every check holds."""
        return all(check.holds for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """Tell the documented form."""
        return {"klover": klover.__version__, "ok": self.ok, **asdict(self)}


NOT_PROVED = (
    "That no copy lies elsewhere: only the one source and its tables were looked at.",
    "That nothing is left in the source's free pages, write-ahead log, replicas or backups.",
    (
        "Where the visitors are: simulated here; in earnest it rests on the issuer's word and on "
        "address ranges."
    ),
    (
        "Anything about the store's superuser, root on its hosts, or whoever holds its disks: they "
        "can read everything."
    ),
    "That the overseer is independent: here both keys were made by one program on one machine.",
    "Changes while people move: the application stood still.",
)
