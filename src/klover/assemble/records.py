"""Where things are put on record: a writer's spool, and the log that merges them."""

from pathlib import Path

from klover.config import Deployment
from klover.log.keys import open_key
from klover.log.sequence import SPOOL, Log
from klover.log.writer import SpoolWriter
from klover.tlog.key import SignerKey


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
