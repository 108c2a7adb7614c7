"""The phases of a migration as a table, and nothing else: no I/O.

A migration goes down the table; each phase is durable in the enclave before the next begins. When
the source has changed since the copy, ``compare`` and ``retire`` send it back to PLANNED, where
copying begins again; after RETIRED there is no way back.
"""

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """What has been done, durably."""

    NEW = "new"
    PLANNED = "planned"
    CHECKED = "checked"
    COPIED = "copied"
    COMPARED = "compared"
    SEPARATED = "separated"
    SOUGHT = "sought"
    RETIRED = "retired"
    SWEPT = "swept"


class Event(StrEnum):
    """What happens to a migration: a step done, or the source found changed."""

    PLAN = "plan"
    CHECK = "check"
    COPY = "copy"
    COMPARE = "compare"
    SEPARATE = "separate"
    SEEK = "seek"
    RETIRE = "retire"
    SWEEP = "sweep"
    CHANGED = "changed"


TRANSITIONS: Mapping[tuple[Phase, Event], Phase] = {
    (Phase.NEW, Event.PLAN): Phase.PLANNED,
    (Phase.PLANNED, Event.CHECK): Phase.CHECKED,
    (Phase.CHECKED, Event.COPY): Phase.COPIED,
    (Phase.COPIED, Event.COMPARE): Phase.COMPARED,
    (Phase.COMPARED, Event.SEPARATE): Phase.SEPARATED,
    (Phase.SEPARATED, Event.SEEK): Phase.SOUGHT,
    (Phase.SOUGHT, Event.RETIRE): Phase.RETIRED,
    (Phase.RETIRED, Event.SWEEP): Phase.SWEPT,
    (Phase.PLANNED, Event.CHANGED): Phase.NEW,
    (Phase.CHECKED, Event.CHANGED): Phase.NEW,
    (Phase.COPIED, Event.CHANGED): Phase.NEW,
    (Phase.COMPARED, Event.CHANGED): Phase.NEW,
    (Phase.SEPARATED, Event.CHANGED): Phase.NEW,
    (Phase.SOUGHT, Event.CHANGED): Phase.NEW,
}

STEPS: tuple[Event, ...] = tuple(event for event in Event if event is not Event.CHANGED)
"""The steps in order."""

PHASES: tuple[Phase, ...] = tuple(Phase)


def following(phase: Phase) -> Event | None:
    """Tell the step that comes after ``phase``; None at the end."""
    return next((step for step in STEPS if (phase, step) in TRANSITIONS), None)


def after(phase: Phase, event: Event) -> Phase:
    """Tell the phase that ``event`` leads to. Raises KeyError where it cannot happen."""
    return TRANSITIONS[phase, event]


def reached(phase: Phase, goal: Phase) -> bool:
    """Tell whether ``phase`` is ``goal`` or later."""
    return PHASES.index(phase) >= PHASES.index(goal)
