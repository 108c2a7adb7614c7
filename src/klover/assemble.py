"""Builds each process from its configuration; the only place where concrete parts meet.

Every command comes here for its parts: the deployment's values, the policy, connections, the
recorder of a writer, the log, the gateway. Nothing is decided here.
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from klover import config
from klover.catalog import Catalog
from klover.config import Deployment
from klover.errors import ConfigError, InputError
from klover.log.keys import open_key
from klover.log.sequence import SPOOL, Log
from klover.log.writer import SpoolWriter
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace
from klover.store.connect import Connection, connect
from klover.store.inspect import read_catalog
from klover.tlog.key import SignerKey


def load_deployment(path: Path) -> Deployment:
    """Read ``klover.toml``. Raises ConfigError with what is wrong and where."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"Cannot read the configuration {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    folder = path.resolve().parent
    try:
        return config.parse(table, lambda text: str(folder / text))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def read_policy(path: Path) -> Policy:
    """Read and parse a policy. Raises InputError or PolicyError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot read the policy {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The policy {path} is not UTF-8 text.") from error
    return parse(text, str(path))


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


def resolve_policy(deployment: Deployment, connection: Connection) -> Resolved:
    """Hold the deployment's policy against the database behind ``connection``."""
    return trace(read_policy(Path(deployment.policy)), read_catalog(connection))


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


def now() -> str:
    """Tell the time as records carry it: UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
