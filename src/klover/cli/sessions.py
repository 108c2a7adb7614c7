"""Whoever is still at doors that were closed: gateways send them out, the rest is cut off here."""

import time

from klover import assemble, door
from klover.config import Deployment
from klover.errors import StoreError
from klover.store.replay import flushed_position, wait_replayed

_GATEWAY_SECONDS = 3.0
"""A gateway ends its sessions with a word of why; who is left then has come another way."""


def end_sessions(deployment: Deployment, schemas: tuple[str, ...]) -> int:
    """See to it that nobody is left at suspended doors on the server whose doors open.

    A statement that reads a view holds up the replay of its loss: it is ended, not waited for.
    """
    with assemble.open_primary(deployment) as primary:
        position = flushed_position(primary)
    ended = 0
    with assemble.open_standby(deployment) as opens:
        if deployment.cell.standby is not None:
            try:
                wait_replayed(opens, position, seconds=_GATEWAY_SECONDS)
            except StoreError:
                ended = door.end_sessions(opens, schemas)
                wait_replayed(opens, position)
        deadline = time.monotonic() + _GATEWAY_SECONDS
        while door.count_sessions(opens, schemas) and time.monotonic() < deadline:
            time.sleep(0.1)
        return ended + door.end_sessions(opens, schemas)
