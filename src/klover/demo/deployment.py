"""The demonstration's deployment: its policy, its keys and ``klover.toml``, as files.

What a real deployment gets from others is made here: the gateway's certificate, the issuer of the
tokens, and the overseer's key. Every other command works on this folder with ``--config``.
"""

import json
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


def make_deployment(ground: Ground) -> tuple[Deployment, Witness]:
    """Write the deployment's files; returns its values and the overseer, who cosigns."""
    folder = ground.folder
    policy = files("klover.demo").joinpath("klover.yaml").read_bytes()
    (folder / "klover.yaml").write_bytes(policy)
    _make_tls(folder / "tls")
    _make_issuer(folder / "keys")
    overseer_key = open_key(folder / "overseer" / "overseer.key", OVERSEER, witness=True)
    text = _configuration(ground, overseer_key.verifier.vkey)
    ground.configuration.write_text(text, encoding="utf-8")
    deployment = load_deployment(ground.configuration)
    overseer = Witness(
        directory=folder / "overseer",
        key=overseer_key,
        logs={ORIGIN: log_key(deployment).verifier},
    )
    return deployment, overseer


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


def _configuration(ground: Ground, witness: str) -> str:
    listeners = "\n".join(
        f"[[gateway.listeners]]  # {office}, simulated\n"
        f'host = "127.0.0.1"\nport = {ground.ports[office]}\nsimulated_client = "{address}"\n'
        for office, address in OFFICES.items()
    )
    return f"""\
# The demonstration's deployment. Every command of klover takes it with --config.
policy = "klover.yaml"

[cell]
name = "hamar"
primary = {json.dumps(ground.primary.dsn(DATABASE))}
standby = {json.dumps(ground.standby.dsn(DATABASE))}

[[sources]]
name = "{SOURCE}"
place = "{SOURCE}"
dsn = {json.dumps(ground.source_dsn())}

[log]
directory = "log"
origin = "{ORIGIN}"
keys = "keys"
witnesses = [{json.dumps(witness)}]

[gateway]
certificate = "tls/server.pem"
private_key = "tls/server.key"

[gateway.backend]
host = {json.dumps(str(ground.standby.sockets))}
port = {embedded.PORT}
database = "{DATABASE}"

{listeners}
[issuer]
name = "{ISSUER}"
audience = "{TOKEN_AUDIENCE}"
keys = "keys/issuer.jwks"
trial_key = "keys/issuer.key"
"""
