"""Connections to a deployment's servers: the enclave's two, and its sources.

Who opens one closes it. A server that cannot be reached is named by its part in the deployment.
"""

import time

import psycopg

from klover.config import Deployment
from klover.errors import SourceError, StoreError
from klover.store.connect import Connection, connect
from klover.store.replay import flushed_position, wait_replayed

_AGAIN_SECONDS = 0.1
_FOLLOW_SECONDS = 10.0
"""A statement at a door may hold up a replay for longer; whoever waits is told, then."""


def open_primary(deployment: Deployment, *, autocommit: bool = True) -> Connection:
    """Connect to the enclave's primary as the owner of the store."""
    what = f"the enclave's primary (cell {deployment.cell.name})"
    return connect(deployment.cell.primary, what=what, autocommit=autocommit)


def open_standby(deployment: Deployment) -> Connection:
    """Connect to the server whose doors open: the standby, or the primary where there is none."""
    if deployment.cell.standby is None:
        return open_primary(deployment)
    what = f"the enclave's standby (cell {deployment.cell.name})"
    return connect(deployment.cell.standby, what=what)


def standby_follows(deployment: Deployment, primary: Connection) -> bool:
    """Wait a while until the standby has what ``primary`` has; tells whether it has.

    Where there is none, the doors are the primary's own.
    """
    if deployment.cell.standby is None:
        return True
    position = flushed_position(primary)
    deadline = time.monotonic() + _FOLLOW_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            with open_standby(deployment) as standby:
                wait_replayed(standby, position, seconds=left)
        except (SourceError, StoreError, psycopg.OperationalError):
            time.sleep(_AGAIN_SECONDS)  # the database itself may be new to it
        else:
            return True
    return False


def open_source(deployment: Deployment, name: str | None = None) -> Connection:
    """Connect to a source; the only one where no name is given."""
    source = deployment.source(name)
    return connect(source.dsn, what=f"the source {source.name}")
