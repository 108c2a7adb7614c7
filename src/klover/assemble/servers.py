"""Connections to a deployment's servers: the enclave's two, and its sources.

Who opens one closes it. A server that cannot be reached is named by its part in the deployment.
"""

from klover.config import Deployment
from klover.store.connect import Connection, connect


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


def open_source(deployment: Deployment, name: str | None = None) -> Connection:
    """Connect to a source; the only one where no name is given."""
    source = deployment.source(name)
    return connect(source.dsn, what=f"the source {source.name}")
