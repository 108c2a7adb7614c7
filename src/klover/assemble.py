"""Builds each process from its configuration; the only place where concrete parts meet.

Every command comes here for its parts: the deployment's values, the policy, connections, the
recorder of a writer, the log, the gateway. Nothing is decided here.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from klover import adopt, config
from klover.adopt import keep, pin
from klover.catalog import Catalog
from klover.config import Deployment
from klover.door import naming
from klover.door.predicates import predicates, refused
from klover.errors import (
    CheckFailed,
    ConfigError,
    InputError,
    PolicyError,
    SourceError,
    VerifyError,
)
from klover.event import Recorder
from klover.gateway.authenticate import trust
from klover.gateway.daily import Tally
from klover.gateway.door import DoorAddress
from klover.gateway.server import Gateway
from klover.gateway.token import LIFETIME, issue
from klover.log.keys import open_key
from klover.log.sequence import SPOOL, Log
from klover.log.tally import TallyFile
from klover.log.writer import SpoolWriter
from klover.migrate import survey
from klover.migrate.addresses import Addresses, open_addresses
from klover.migrate.plan import Homes
from klover.migrate.work import Parts, Progress
from klover.policy.change import Standing, Version
from klover.policy.model import EvidenceKind, Policy
from klover.policy.parse import parse
from klover.policy.parse_countries import named_file
from klover.policy.resolved import Resolved
from klover.policy.sight import sees_restricted
from klover.policy.statement import START
from klover.policy.suggest import Draft, draft, questions
from klover.policy.trace import trace
from klover.store.connect import Connection, connect
from klover.store.inspect import read_catalog
from klover.store.sample import Progress as SampleProgress, sample
from klover.tlog.key import SignerKey, VerifierKey


def load_deployment(path: Path) -> Deployment:
    """Read ``klover.toml``. Raises ConfigError with what is wrong and where."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no configuration {path}; go to its folder or name it with --config "
            "(`klover demo --dir DIR` writes a complete one)."
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


def read_policy(path: Path) -> Policy:
    """Read and parse a policy, with the file of countries that it names.

    Raises InputError or PolicyError with file and line.
    """
    texts = policy_texts(path)
    return parse(texts.policy, str(path), texts.countries or None)


def policy_texts(path: Path) -> adopt.Texts:
    """Read a policy's text, and that of the file of countries that it names."""
    text = _read_text(path, "the policy")
    named = named_file(text, str(path))
    if named is None:
        return adopt.Texts(policy=text)
    countries = _read_text(path.parent / named, "the policy's file of countries")
    return adopt.Texts(policy=text, countries=countries)


def _read_text(path: Path, what: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # as it is: its digest is that of the bytes
    except OSError as error:
        raise InputError(f"Cannot read {what} {path}: {error.strerror}.") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{what[0].upper()}{what[1:]} {path} is not UTF-8 text.") from error


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


def read_live_catalog(dsn: str, *, what: str) -> Catalog:
    """Read a database's catalog by its connection string."""
    with connect(dsn, what=what) as connection:
        return read_catalog(connection)


def refused_conditions(dsn: str, resolved: Resolved) -> list[PolicyError]:
    """Tell each condition of a policy that the database does not take; reads no row."""
    with connect(dsn, what="the database") as connection:
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


def trial_token(
    deployment: Deployment,
    *,
    user: str,
    groups: Sequence[str],
    country: str | None,
    lifetime: timedelta = LIFETIME,
    claims: Mapping[str, object] | None = None,
) -> str:
    """Sign a token with the deployment's trial key. Raises ConfigError where it has none."""
    issuer = deployment.issuer
    if issuer is None or issuer.trial_key is None:
        raise ConfigError(
            "This deployment has no trial issuer; take a token from your identity provider and "
            "set KLOVER_TOKEN to it."
        )
    try:
        key = Path(issuer.trial_key).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the trial issuer's key {issuer.trial_key}.") from error
    return issue(
        key,
        issuer=issuer.name,
        audience=issuer.audience,
        subject=user,
        groups=groups,
        country=country,
        now=datetime.now(UTC),
        lifetime=lifetime,
        claims=claims,
    )


def open_tally(deployment: Deployment, writer: str) -> TallyFile:
    """Open the counts of the day of the gateway that ``writer`` records; one process at a time."""
    return TallyFile(Path(deployment.log.directory) / SPOOL / writer / "day")


def make_gateway(
    deployment: Deployment, recorder: Recorder, tally: Tally, policy: Policy
) -> Gateway:
    """Build the gateway of a deployment. Raises ConfigError for what is missing in its file."""
    if deployment.gateway is None or deployment.issuer is None:
        raise ConfigError("The configuration needs [gateway] and [issuer] to open the gateway.")
    doors = {
        name: DoorAddress(
            schema=naming.schema(name),
            session_roles=naming.session_roles(name),
            conceals_rows=not sees_restricted(policy, audience),
        )
        for name, audience in policy.audiences.items()
    }
    return Gateway(
        settings=deployment.gateway,
        policy=policy,
        doors=doors,
        trust=trust(deployment.issuer, _read(deployment.issuer.keys, "the issuer's keys")),
        recorder=recorder,
        tally=tally,
    )


def _read(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read {what}, {path}.") from error


def now() -> str:
    """Tell the time as records carry it: UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
