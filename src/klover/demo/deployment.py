"""The demonstration's deployment: its policy, its keys and ``klover.toml``, as files.

What a real deployment gets from others is made here: the gateway's certificate, the issuer of the
tokens, and the overseer's key. Every other command works on this folder with ``--config``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from klover.assemble import load_deployment, log_key
from klover.config import Deployment
from klover.demo.ground import DATABASE, OFFICES, SOURCE, Ground
from klover.gateway.certificate import make_certificate
from klover.gateway.token import make_keys as make_issuer
from klover.log.keys import open_key
from klover.log.witness import Witness
from klover.store import embedded

ORIGIN = "hamar.example/klover-demo"
OVERSEER = "overseer.example/demo"
ISSUER = "https://id.demo.example"
TOKEN_AUDIENCE = "klover-demo"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What ``klover.toml`` says; its keys, certificate and log lie below ``files``."""

    title: str
    cell: str
    primary: str
    standby: str
    sockets: Path
    source: str
    source_dsn: str
    files: str
    origin: str
    issuer: str
    audience: str
    ports: Mapping[str, int]
    witnesses: Sequence[str] = ()


def make_deployment(ground: Ground) -> tuple[Deployment, Witness]:
    """Write the deployment's files; returns its values and the overseer, who cosigns."""
    folder = ground.folder
    policy = files("klover.demo").joinpath("klover.yaml").read_bytes()
    (folder / "klover.yaml").write_bytes(policy)
    make_secrets(folder)
    overseer_key = open_key(folder / "overseer" / "overseer.key", OVERSEER, witness=True)
    written = Written(
        title="The demonstration's deployment. Every command of klover takes it with --config.",
        cell="hamar",
        primary=ground.primary.dsn(DATABASE),
        standby=ground.standby.dsn(DATABASE),
        sockets=ground.standby.sockets,
        source=SOURCE,
        source_dsn=ground.source_dsn(),
        files="",
        origin=ORIGIN,
        issuer=ISSUER,
        audience=TOKEN_AUDIENCE,
        ports=ground.ports,
        witnesses=[overseer_key.verifier.vkey],
    )
    ground.configuration.write_text(configuration(written), encoding="utf-8")
    deployment = load_deployment(ground.configuration)
    overseer = Witness(
        directory=folder / "overseer",
        key=overseer_key,
        logs={ORIGIN: log_key(deployment).verifier},
    )
    return deployment, overseer


def make_secrets(folder: Path) -> None:
    """Make what a real deployment gets from others: a certificate, and an issuer of tokens."""
    _make_tls(folder / "tls")
    _make_issuer(folder / "keys")


def _make_tls(folder: Path) -> None:
    made = make_certificate(["localhost", "127.0.0.1"], now=datetime.now(UTC))
    folder.mkdir(mode=0o755)
    (folder / "root.pem").write_bytes(made.root)
    (folder / "server.pem").write_bytes(made.chain)
    _write_secret(folder / "server.key", made.private_key)


def _make_issuer(folder: Path) -> None:
    private, public = make_issuer()
    folder.mkdir(mode=0o700)
    (folder / "issuer.jwks").write_text(public, encoding="utf-8")
    _write_secret(folder / "issuer.key", private.encode())


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(data)


def configuration(written: Written) -> str:
    """Write ``klover.toml``."""
    listeners = "\n".join(
        f"[[gateway.listeners]]  # {office}, simulated\n"
        f'host = "127.0.0.1"\nport = {written.ports[office]}\nsimulated_client = "{address}"\n'
        for office, address in OFFICES.items()
    )
    return f"""\
# {written.title}
policy = "klover.yaml"

[cell]
name = "{written.cell}"
primary = {json.dumps(written.primary)}
standby = {json.dumps(written.standby)}

[[sources]]
name = "{written.source}"
place = "{written.source}"
dsn = {json.dumps(written.source_dsn)}

[log]
directory = "{written.files}log"
origin = "{written.origin}"
keys = "{written.files}keys"
witnesses = {json.dumps(list(written.witnesses))}

[gateway]
certificate = "{written.files}tls/server.pem"
private_key = "{written.files}tls/server.key"

[gateway.backend]
host = {json.dumps(str(written.sockets))}
port = {embedded.PORT}
database = "{DATABASE}"

{listeners}
[issuer]
name = "{written.issuer}"
audience = "{written.audience}"
keys = "{written.files}keys/issuer.jwks"
trial_key = "{written.files}keys/issuer.key"
"""
