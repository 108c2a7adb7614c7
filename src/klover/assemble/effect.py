"""Which policy counts, and what it comes to on a database.

Where nobody signs, the file that the configuration names; where somebody does, that file has to
be the policy in effect. The rules stand in ``klover.policy.change_take``, the history is kept by
``klover.adopt``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from klover import adopt, door
from klover.adopt import keep, pin
from klover.assemble.reading import read_policy
from klover.assemble.servers import open_standby
from klover.config import Deployment
from klover.door import Doors, Proof
from klover.errors import CheckFailed, SourceError
from klover.policy.change import Standing, Version
from klover.policy.model import Policy
from klover.policy.resolved import Resolved
from klover.policy.statement import START
from klover.policy.trace import trace
from klover.store.connect import Connection
from klover.store.inspect import read_catalog


def policy_pin(deployment: Deployment) -> Path:
    """Tell the file that remembers the last entry of the policy's history seen here."""
    return Path(deployment.log.directory) / pin.FILE


def policy_standing(deployment: Deployment, enclave: Connection) -> Standing | None:
    """Tell what the history of the policy amounts to now; None where nobody signs."""
    return adopt.read_standing(enclave, policy_pin(deployment), datetime.now(UTC))


def policy_in_effect(deployment: Deployment, enclave: Connection) -> tuple[Policy, Version | None]:
    """Read the deployment's policy, which has to be the one in effect; tell its version, too.

    Without signatures the file alone counts, and the version is None.
    """
    policy = read_policy(Path(deployment.policy))
    return policy, adopt.held(policy, policy_standing(deployment, enclave))


def policy_watch(
    deployment: Deployment, policy: Policy, version: Version | None
) -> Callable[[], None]:
    """Make a check for whoever works by ``policy``: it raises CheckFailed once he has to stop."""
    seen = [version.point if version is not None else START]

    def look() -> None:
        try:
            with open_standby(deployment) as standby:
                head = keep.head(standby)
                if head == seen[0]:
                    return
                standing = policy_standing(deployment, standby)
        except (SourceError, psycopg.OperationalError):
            return  # without the server no session works either
        if adopt.outdated(version, policy.digest, standing):
            raise CheckFailed(
                "The gateway has stopped: the policy in effect is another now, and tighter. Put "
                "it in the file's place, run `klover doors apply`, and start again."
            )
        seen[0] = head

    return look


def resolve_policy(
    deployment: Deployment, connection: Connection, *, enclave: Connection | None = None
) -> Resolved:
    """Hold the policy in effect against the database behind ``connection``.

    ``enclave`` tells what is in effect, where ``connection`` is to a source.
    """
    policy, _ = policy_in_effect(deployment, enclave or connection)
    catalog = read_catalog(connection)
    if not catalog.base_tables():
        raise SourceError(
            f"The database {connection.info.dbname} has no tables yet; in the enclave "
            "`klover migrate schema` makes them."
        )
    return trace(policy, catalog)


def compile_doors(resolved: Resolved, primary: Connection) -> Doors:
    """Compile the doors of a policy for the database behind ``primary``, of its epochs now."""
    return door.compile_doors(
        resolved, database=primary.info.dbname, epochs=door.read_epochs(primary)
    )


def doors_in_effect(deployment: Deployment, primary: Connection) -> tuple[Resolved, Doors]:
    """Hold the policy in effect against the enclave, and compile its doors."""
    resolved = resolve_policy(deployment, primary)
    return resolved, compile_doors(resolved, primary)


def prove_doors(deployment: Deployment, connection: Connection, resolved: Resolved) -> Proof:
    """Prove the doors of a server of the deployment, as of today, by what it configures."""
    return door.prove(
        connection,
        resolved,
        datetime.now(UTC).date(),
        on_standby=deployment.cell.standby is not None,
        replicas=deployment.cell.replication,
    )
