"""One gateway at each door whose days are counted; the store itself sees to it.

Two gateways with counts of their own would give everybody two days in one. So a gateway keeps a
seat at every such door for as long as it serves: a session of the door's first role, which the
server lets in once. Without its seat it lets nobody in there, and whoever was in has to go; a
gateway that was killed leaves its seat the moment the server sees it gone.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from klover.config import Backend
from klover.errors import ConfigError, StoreError, WireError
from klover.gateway.backend import RoleTakenError, ask, enter
from klover.gateway.door import DoorAddress
from klover.gateway.peer import Peer

NAME = "seat"
"""Part of the session's application name; ``klover doors suspend`` does not count it."""
_AGAIN_SECONDS = 0.5
_LOOK_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
_TRIES = 6
"""How often a gateway that starts asks for the seat of one that was killed a moment ago."""
_NEVER_IDLE = {"idle_session_timeout": "0"}


class Seats:
    """The seats of one gateway. ``lost`` is called with the audience of each that is lost."""

    def __init__(
        self, backend: Backend, doors: Mapping[str, DoorAddress], *, lost: Callable[[str], None]
    ) -> None:
        """``doors`` are those whose days are counted, by audience."""
        self._backend = backend
        self._doors = doors
        self._lost = lost
        self._held: dict[str, Peer] = {}

    def without(self, doors: Mapping[str, DoorAddress]) -> Mapping[str, DoorAddress]:
        """Tell the doors with the roles that are left for sessions."""
        return {
            audience: replace(door, session_roles=door.session_roles[1:])
            if audience in self._doors
            else door
            for audience, door in doors.items()
        }

    def allow(self, audience: str) -> bool:
        """Tell whether somebody may be let in at a door."""
        return audience not in self._doors or audience in self._held

    async def take(self) -> None:
        """Take every seat that there is. Raises ConfigError where another gateway has one."""
        for audience in self._doors:
            for _ in range(_TRIES):
                if not await self._sit(audience):
                    break
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self.close()
                raise ConfigError(
                    f"Another gateway serves {audience}, whose days are counted, and one counts at "
                    "a time; stop it first."
                )

    async def keep(self) -> None:
        """Keep the seats, and take again what is lost, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for audience in self._doors:
                    group.create_task(self._keep(audience))
        finally:
            self.close()

    def close(self) -> None:
        """Leave every seat."""
        for peer in self._held.values():
            peer.abort()
        self._held.clear()

    async def _keep(self, audience: str) -> None:
        while True:
            peer = self._held.get(audience)
            if peer is not None:
                await _gone(peer)
                del self._held[audience]
                self._lost(audience)
            await self._sit(audience)
            if audience not in self._held:
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _sit(self, audience: str) -> bool:
        """Try to take a seat; tells whether somebody else has it."""
        role = self._doors[audience].session_roles[0]
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                self._held[audience] = await enter(
                    self._backend, role=role, session=NAME, settings=_NEVER_IDLE
                )
        except RoleTakenError:
            return True
        except (StoreError, WireError, ConnectionResetError, TimeoutError):
            pass  # no such door yet, or the store is away: nobody can enter there
        return False


async def _gone(peer: Peer) -> None:
    """Wait until the server has closed a connection, or no longer knows its role."""
    try:
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await peer.frame()
            except TimeoutError:
                # A role that was dropped and made anew would let another gateway in, too.
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await ask(peer, "select session_user", ())
    except (ConnectionResetError, WireError, StoreError, TimeoutError):
        peer.abort()
