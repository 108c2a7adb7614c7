"""Which policy is in effect: proposals, their states, and the chain of entries that moves them.

Values and the state machine only; whether an entry counts is judged in ``change_take``. What
loosens waits; what only tightens takes effect at once.

The states of a proposal, and what moves it::

    pending ── due ──────► in effect ── adoption of another ──► replaced
       ├────── objection ► objected
       └────── proposal ─► superseded
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from klover.event.moment import write_time
from klover.policy.model import Policy
from klover.policy.statement import START, Meaning, Point


class Kind(StrEnum):
    """What an entry is."""

    PROPOSAL = "proposal"
    OBJECTION = "objection"


class State(StrEnum):
    """Where a proposal stands."""

    PENDING = "pending"
    IN_EFFECT = "in effect"
    OBJECTED = "objected"
    SUPERSEDED = "superseded"
    REPLACED = "replaced"


class Happening(StrEnum):
    """What moves a proposal."""

    DUE = "due"
    OBJECTION = "objection"
    PROPOSAL = "proposal"
    ADOPTION = "adoption"


MOVES: Mapping[tuple[State, Happening], State] = {
    (State.PENDING, Happening.DUE): State.IN_EFFECT,
    (State.PENDING, Happening.OBJECTION): State.OBJECTED,
    (State.PENDING, Happening.PROPOSAL): State.SUPERSEDED,
    (State.IN_EFFECT, Happening.ADOPTION): State.REPLACED,
}
"""Every move there is; a pair that is not here cannot happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the chain, as it is kept. ``link`` binds it to everything before it."""

    number: int
    kind: Kind
    at: datetime
    policy: str
    """The policy's whole text; empty for an objection."""
    countries: str
    """The text of the file of countries that the policy pins; empty where it pins none."""
    note: str
    """The signed note; empty where no signature was asked for."""
    link: str

    @property
    def point(self) -> Point:
        """Where the entry stands."""
        return Point(number=self.number, link=self.link)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A policy that was proposed, and where it stands."""

    point: Point
    policy: Policy
    text: str
    countries: str
    meaning: Meaning
    differences: str
    signers: tuple[str, ...]
    need: int
    at: datetime
    effective_at: datetime
    state: State
    objected_at: datetime | None = None

    @property
    def was_in_effect(self) -> bool:
        """Whether it is or was in effect."""
        return self.state in {State.IN_EFFECT, State.REPLACED}

    def moved(self, happening: Happening) -> "Version":
        """Move to the next state. Raises KeyError for a move there is none of."""
        return replace(self, state=MOVES[self.state, happening])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a chain amounts to at a time."""

    versions: tuple[Version, ...] = ()
    """Every proposal, in order."""
    head: Point = START
    latest: datetime | None = None
    """When the last entry was made."""
    notes: frozenset[str] = frozenset()
    """The digests of the signed texts that were handed in."""

    @property
    def in_effect(self) -> Version | None:
        """The policy in effect."""
        return next((one for one in self.versions if one.state is State.IN_EFFECT), None)

    @property
    def pending(self) -> Version | None:
        """The proposal that waits."""
        return next((one for one in self.versions if one.state is State.PENDING), None)


def link(before: str, entry: Entry) -> str:
    """Tell the digest that binds ``entry`` to the link before it; its own is not looked at."""
    parts = (
        "klover.policy-entry/v1",
        before,
        str(entry.number),
        entry.kind.value,
        write_time(entry.at),
        sha256(entry.policy),
        sha256(entry.countries),
        sha256(entry.note),
    )
    return sha256("\n".join(parts) + "\n")


def advance(standing: Standing, now: datetime) -> Standing:
    """Let time pass: a pending proposal that is due takes effect."""
    pending = standing.pending
    if pending is None or now < pending.effective_at:
        return standing
    return replace(standing, versions=adopt(standing.versions, pending))


def adopt(versions: tuple[Version, ...], chosen: Version) -> tuple[Version, ...]:
    """Put ``chosen`` into effect in the other's place."""
    found = []
    for one in versions:
        if one.point == chosen.point:
            found.append(one.moved(Happening.DUE))
        elif one.state is State.IN_EFFECT:
            found.append(one.moved(Happening.ADOPTION))
        else:
            found.append(one)
    return tuple(found)


def sha256(text: str) -> str:
    """Tell SHA-256 (hex) of a text's UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
