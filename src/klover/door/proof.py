"""What a proof finds, as values: facts with a verdict each, and the violations among them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """``unknown`` is no pass: the check could not be made with the rights at hand."""

    ALLOWED = "allowed"
    ABSENT = "absent"
    VIOLATION = "violation"
    UNKNOWN = "unknown"


class Way(StrEnum):
    """The ways by which data could leave the database, in the order of a report."""

    SHOWN = "what doors show"
    SESSIONS = "what sessions reach beside their views"
    ROLES = "who else reaches protected tables"
    POWERS = "powers of Postgres and who holds them"
    CODE = "code that runs in the server"
    LINKS = "links to other servers"
    HOST = "files, programs and the server's own settings"
    ENTRY = "who is let in, and how"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """``who`` (a role, a door, PUBLIC) and ``what`` (an object), with the verdict and why."""

    who: str
    what: str
    verdict: Verdict
    why: str
    mend: str = ""
    """Of a violation: what to do about it, in a sentence or two."""
    way: Way = Way.SHOWN

    def __post_init__(self) -> None:
        """Refuse a violation that nobody is told how to mend."""
        if self.verdict is Verdict.VIOLATION and not self.mend:
            raise ValueError(f"No mend is said for the violation {self.why!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Everything that was looked at."""

    facts: tuple[Fact, ...]

    @property
    def violations(self) -> tuple[Fact, ...]:
        """The facts that must not be."""
        return tuple(fact for fact in self.facts if fact.verdict is Verdict.VIOLATION)

    @property
    def holds(self) -> bool:
        """Whether nothing was found that must not be."""
        return not self.violations


def violation(who: str, what: str, why: str, mend: str) -> Fact:
    """Tell what must not be, and what mends it."""
    return Fact(who=who, what=what, verdict=Verdict.VIOLATION, why=why, mend=mend)


def allowed(who: str, what: str, why: str) -> Fact:
    """Tell what the policy gives."""
    return Fact(who=who, what=what, verdict=Verdict.ALLOWED, why=why)


def absent(who: str, what: str, why: str) -> Fact:
    """Tell what cannot be reached."""
    return Fact(who=who, what=what, verdict=Verdict.ABSENT, why=why)


def unknown(who: str, what: str, why: str) -> Fact:
    """Tell what could not be looked at, or what nobody has judged."""
    return Fact(who=who, what=what, verdict=Verdict.UNKNOWN, why=why)


def along(way: Way, facts: Iterable[Fact]) -> Iterator[Fact]:
    """File facts under the way by which the data would leave."""
    return (replace(fact, way=way) for fact in facts)
