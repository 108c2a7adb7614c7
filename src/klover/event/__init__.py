"""What goes on record, as values, and the protocol of whoever records it.

An event becomes one *payload*: a flat JSON object of names, counts and digests. No value of user
data may stand in one. The log (``klover.log``) turns payloads into entries; nothing here knows how.
"""

from klover.event.record import (
    Cancellation,
    Completion,
    CountsBegun,
    Denial,
    DoorsApplied,
    DoorsDropped,
    DoorsSuspended,
    Event,
    Finding,
    Intent,
    MigrationStep,
    PolicyAdopted,
    PolicyObjected,
    PolicyProposed,
    PseudonymRevealed,
    PseudonymsRotated,
    SessionClosed,
    SessionOpened,
)
from klover.event.recorder import Recorder

__all__ = [
    "Cancellation",
    "Completion",
    "CountsBegun",
    "Denial",
    "DoorsApplied",
    "DoorsDropped",
    "DoorsSuspended",
    "Event",
    "Finding",
    "Intent",
    "MigrationStep",
    "PolicyAdopted",
    "PolicyObjected",
    "PolicyProposed",
    "PseudonymRevealed",
    "PseudonymsRotated",
    "Recorder",
    "SessionClosed",
    "SessionOpened",
]
