"""Session roles: each live session holds one that nobody else holds.

Two sessions of one role could read each other's statements and cancel each other, so a role is
given back only when the server has closed its session. The one that rested longest goes first;
where all are taken, whoever comes waits a moment for one.
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from klover.gateway.door import DoorAddress


class Leases:
    """The roles of every door, free and leased."""

    def __init__(self, doors: Mapping[str, DoorAddress]) -> None:
        """``doors`` are the doors by audience."""
        self._free = {audience: deque(door.session_roles) for audience, door in doors.items()}
        self._leased: dict[str, str] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self, audience: str, seconds: float) -> str | None:
        """Lease a role, or wait for one; None where all are still taken after ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                while (role := self.take(audience)) is None:
                    given_back: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.append(given_back)
                    await given_back
                return role
        except TimeoutError:
            return None

    def take(self, audience: str) -> str | None:
        """Lease a role of a door; None where all are taken."""
        free = self._free.get(audience)
        if not free:
            return None
        role = free.popleft()
        self._leased[role] = audience
        return role

    def give_back(self, role: str) -> None:
        """Return a role whose session the server has closed."""
        audience = self._leased.pop(role, None)
        if audience is not None:
            self._free[audience].append(role)
        waiting, self._waiting = self._waiting, deque()
        for one in waiting:
            if not one.done():
                one.set_result(None)
