"""What a migration is built from, and the count of homes that it begins with."""

from datetime import UTC, datetime
from pathlib import Path

from klover.assemble.effect import resolve_policy
from klover.assemble.reading import now, read_policy
from klover.assemble.servers import open_primary, open_source
from klover.config import Deployment
from klover.errors import ConfigError
from klover.event import Recorder
from klover.migrate import survey
from klover.migrate.addresses import Addresses, open_addresses
from klover.migrate.plan import Homes
from klover.migrate.work import Parts, Progress
from klover.policy.model import EvidenceKind
from klover.policy.resolved import Resolved
from klover.policy.trace import trace
from klover.store.connect import connect
from klover.store.inspect import read_catalog


def migration_parts(
    deployment: Deployment, source: str | None, recorder: Recorder, progress: Progress
) -> Parts:
    """Tell what a migration from ``source`` is built from; the policy is held against it."""
    chosen = deployment.source(source)
    with open_source(deployment, chosen.name) as connection, open_primary(deployment) as enclave:
        resolved = resolve_policy(deployment, connection, enclave=enclave)
    return Parts(
        source=chosen.name,
        cell=deployment.cell.name,
        resolved=resolved,
        open_source=lambda: open_source(deployment, chosen.name),
        open_enclave=lambda: open_primary(deployment),
        recorder=recorder,
        now=now,
        today=datetime.now(UTC).date(),
        addresses=_addresses(resolved, deployment.ip_countries),
        progress=progress,
    )


def count_homes(policy: Path, dsn: str, ip_countries: Path | None, progress: Progress) -> Homes:
    """Tell how many subjects of a database each piece of evidence decides; changes nothing."""
    read = read_policy(policy)
    addresses = open_addresses(ip_countries) if ip_countries is not None else None
    with connect(dsn, what="the database") as connection:
        return survey.count_homes(
            connection,
            trace(read, read_catalog(connection)),
            datetime.now(UTC).date(),
            addresses,
            lambda done, total: progress("homes", done, total),
        )


def _addresses(resolved: Resolved, file: str | None) -> Addresses | None:
    """Open the table of addresses where the policy reads homes from them."""
    if all(evidence.kind is not EvidenceKind.IP for evidence in resolved.home):
        return None
    if file is None:
        raise ConfigError(
            "The policy reads homes from network addresses; name a table of them with "
            "`ip_countries` under [homes]."
        )
    return open_addresses(Path(file))
