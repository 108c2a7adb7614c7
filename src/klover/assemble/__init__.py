"""Builds each process from its configuration; the only place where concrete parts meet.

Every command comes here for its parts: the deployment's values, the policy, connections, the
recorder of a writer, the log, the gateway. Nothing is decided here. ``servers`` connects,
``effect`` tells which policy counts and holds it against a database. ``gate`` stands apart: most
commands need no gateway, and start faster without one.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from klover import config
from klover.assemble.effect import (
    compile_doors,
    doors_in_effect,
    policy_in_effect,
    policy_pin,
    policy_standing,
    policy_texts,
    policy_watch,
    prove_doors,
    read_policy,
    resolve_policy,
)
from klover.assemble.servers import (
    open_primary,
    open_source,
    open_standby,
    standby_follows,
)
from klover.catalog import Catalog
from klover.config import Deployment
from klover.door.predicates import predicates, refused
from klover.errors import ConfigError, PolicyError, SourceError, VerifyError
from klover.event import Recorder
from klover.event.moment import write_time
from klover.log.keys import open_key
from klover.log.sequence import SPOOL, Log
from klover.log.writer import SpoolWriter
from klover.migrate import survey
from klover.migrate.addresses import Addresses, open_addresses
from klover.migrate.plan import Homes
from klover.migrate.work import Parts, Progress
from klover.policy.model import EvidenceKind
from klover.policy.resolved import Resolved
from klover.policy.suggest import Draft, draft, questions
from klover.policy.trace import trace
from klover.store.connect import connect
from klover.store.inspect import read_catalog
from klover.store.locks import brief_locks
from klover.store.sample import Progress as SampleProgress, sample
from klover.tlog.key import SignerKey, VerifierKey

__all__ = [
    "compile_doors",
    "count_homes",
    "doors_in_effect",
    "load_deployment",
    "log_key",
    "migration_parts",
    "now",
    "open_log",
    "open_primary",
    "open_recorder",
    "open_source",
    "open_standby",
    "policy_in_effect",
    "policy_pin",
    "policy_standing",
    "policy_texts",
    "policy_watch",
    "prove_doors",
    "read_live_catalog",
    "read_policy",
    "refused_conditions",
    "resolve_policy",
    "standby_follows",
    "suggest",
]


def load_deployment(path: Path) -> Deployment:
    """Read ``klover.toml``. Raises ConfigError with what is wrong and where."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no configuration {path}; go to its folder or name it with --config "
            "(`klover trial DIR` writes a complete one)."
        ) from error
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    folder = path.resolve().parent
    try:
        deployment = config.parse(table, lambda text: str(folder / text))
        _check_witnesses(deployment)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return deployment


def _check_witnesses(deployment: Deployment) -> None:
    for number, text in enumerate(deployment.log.witnesses, start=1):
        try:
            VerifierKey.parse(text)
        except VerifyError as error:
            raise ConfigError(f"[log] `witnesses`, number {number}: {error}") from None


def read_live_catalog(dsn: str, *, what: str) -> Catalog:
    """Read a database's catalog by its connection string."""
    with connect(dsn, what=what) as connection:
        return read_catalog(connection)


def refused_conditions(dsn: str, resolved: Resolved) -> list[PolicyError]:
    """Tell each condition of a policy that the database does not take; reads no row."""
    with connect(dsn, what="the database") as connection, brief_locks(connection):
        return list(refused(connection, predicates(resolved), resolved.policy.file))


def suggest(dsn: str, rows: int, progress: SampleProgress) -> tuple[Draft, int]:
    """Draft a policy for a database; tells how many looks at values were passed over too."""
    with connect(dsn, what="the database") as connection:
        catalog = read_catalog(connection)
        if not catalog.base_tables():
            raise SourceError(
                f"The database {connection.info.dbname} has no tables that this role can see; "
                "check the database's name in --dsn."
            )
        if not rows:
            return draft(catalog), 0
        found = sample(connection, catalog, questions(catalog), rows=rows, progress=progress)
    return draft(catalog, found.evidence), found.passed_over


def open_recorder(deployment: Deployment, writer: str) -> SpoolWriter:
    """Open the spool of ``writer``, with a key of its own; both are made where they are missing.

    Raises RecordError when another process has it.
    """
    spool = Path(deployment.log.directory) / SPOOL
    key = open_key(Path(deployment.log.keys) / f"writer-{writer}.key", writer)
    return SpoolWriter.open(spool, writer, key)


def log_key(deployment: Deployment) -> SignerKey:
    """Read the log's signing key, or make it where it is missing.

    Its verifier key stands beside it in ``log.vkey``, to be given to whoever verifies.
    """
    path = Path(deployment.log.keys) / "log.key"
    key = open_key(path, deployment.log.origin)
    public = path.with_suffix(".vkey")
    if not public.exists():
        public.write_text(key.verifier.vkey + "\n", encoding="ascii")
    return key


def open_log(deployment: Deployment) -> Log:
    """Open the log itself, to merge what its writers have written. One process at a time."""
    return Log.open(Path(deployment.log.directory), deployment.log.origin, log_key(deployment))


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


def now() -> str:
    """Tell the time as records carry it."""
    return write_time(datetime.now(UTC))
