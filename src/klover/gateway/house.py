"""What every session of a gateway shares, and where a client came from.

Values and references only, made once by ``server``; nothing here does anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from klover.config import Backend
from klover.event.moment import write_time
from klover.gateway.authenticate import Trust
from klover.gateway.cancel import Cancels
from klover.gateway.daily import Daily
from klover.gateway.door import DoorAddress
from klover.gateway.lease import Leases
from klover.gateway.release import Release
from klover.gateway.seat import Seats
from klover.policy.model import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every session of a gateway shares."""

    backend: Backend
    policy: Policy
    doors: Mapping[str, DoorAddress]
    trust: Trust
    release: Release
    leases: Leases
    cancels: Cancels
    seats: Seats
    now: Callable[[], datetime]
    lease_seconds: float
    """How long somebody waits at a full door; a session that ends takes a moment to be closed."""
    daily: Daily | None = None
    """Counts of the day; there is one wherever an audience has a limit of a day."""

    def stamp(self) -> str:
        """Tell the time as records carry it."""
        return write_time(self.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where a client came from; ``simulated`` where a listener says so for demonstrations."""

    address: str
    simulated: bool
