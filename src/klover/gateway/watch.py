"""Watching what stands on the doors, so that sessions of a suspended one end at once.

Postgres itself closes a suspended door; this ends idle sessions and tells people why. A login role
that sees nothing but comments asks once a second, over a connection of our own wire code. Where it
cannot (no such role yet, the server away), it tries again after a while, and sessions go on.
"""

import asyncio
from collections.abc import Callable, Mapping

from klover.config import Backend
from klover.errors import StoreError, WireError
from klover.gateway.backend import ask, enter
from klover.gateway.door import statements
from klover.gateway.peer import Peer
from klover.policy.plate import Plate

ROLE = "klover_watch"
_EVERY_SECONDS = 1.0
_LONGEST_SECONDS = 30.0
_ANSWER_SECONDS = 10.0


async def watch(
    backend: Backend,
    told: Callable[[Mapping[str, Plate]], None],
    *,
    every: float = _EVERY_SECONDS,
) -> None:
    """Call ``told`` with what stands on each door, by its schema, until cancelled."""
    pause = every
    while True:
        try:
            peer = await enter(backend, role=ROLE, session="watch")
            try:
                while True:
                    told(await _read(peer))
                    pause = every
                    await asyncio.sleep(every)
            finally:
                peer.abort()
        except (StoreError, WireError, ConnectionResetError, TimeoutError):
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_SECONDS)


async def _read(peer: Peer) -> Mapping[str, Plate]:
    async with asyncio.timeout(_ANSWER_SECONDS):
        rows = await ask(peer, statements()["plates"], ())
    found: dict[str, Plate] = {}
    for row in rows:
        schema, comment = (value.decode() for value in row.values if value is not None)
        found[schema] = Plate.read(comment)
    return found
