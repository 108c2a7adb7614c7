"""What a proof finds, as values: facts with a verdict each, and the violations among them."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """``unknown`` is no pass: the check could not be made with the rights at hand."""

    ALLOWED = "allowed"
    ABSENT = "absent"
    VIOLATION = "violation"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """``who`` (a role, a door, PUBLIC) and ``what`` (an object), with the verdict and why."""

    who: str
    what: str
    verdict: Verdict
    why: str


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


def violation(who: str, what: str, why: str) -> Fact:
    """Tell what must not be."""
    return Fact(who=who, what=what, verdict=Verdict.VIOLATION, why=why)


def allowed(who: str, what: str, why: str) -> Fact:
    """Tell what the policy gives."""
    return Fact(who=who, what=what, verdict=Verdict.ALLOWED, why=why)


def absent(who: str, what: str, why: str) -> Fact:
    """Tell what cannot be reached."""
    return Fact(who=who, what=what, verdict=Verdict.ABSENT, why=why)
