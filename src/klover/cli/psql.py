"""``klover psql AUDIENCE``: psql at a door, with the token, purpose and certificate in place.

Any Postgres client can do the same; the environment that is set is all there is to it. A system's
own psql is used where it speaks TLS. The embedded server's does not, so it is run with the libpq
that the driver's wheel brings, which does.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from klover import assemble
from klover.cli.login import Claims, Country, Groups, User, read_claims
from klover.cli.options import CONFIG, Config
from klover.config import Deployment
from klover.errors import ConfigError, InputError, KloverError
from klover.store.binaries import find_binaries

_TOKEN = "KLOVER_TOKEN"  # noqa: S105 - the variable's name
_NO_TLS = b"SSL support is not compiled in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A psql that speaks TLS, and what its environment needs for that."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)


def psql(
    audience: Annotated[str, typer.Argument(help="The audience; one of the policy's.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGUMENT...]", help="Arguments for psql itself."),
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="Why; one of the policy's purposes.")] = None,
    reference: Annotated[str | None, typer.Option(help="The case it is about.")] = None,
    user: User = None,
    group: Groups = None,
    country: Country = None,
    claim: Claims = None,
    office_port: Annotated[
        int | None, typer.Option(help="The listener to use, by port; the first by default.")
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Open psql at an audience's door.

    The token is KLOVER_TOKEN, or one of the trial issuer for --user.
    """
    deployment = assemble.load_deployment(config)
    token = os.environ.get(_TOKEN)
    if token is None or user is not None:
        if user is None:
            raise InputError(f"Whose token? Give --user for a trial, or set {_TOKEN}.")
        from klover.assemble import gate

        token = gate.trial_token(
            deployment,
            user=user,
            groups=group or [],
            country=country,
            claims=read_claims(claim or ()),
        )
    program = find_psql()
    environment = {
        **_without_postgres(os.environ),
        **program.environment,
        **client_environment(
            deployment,
            audience=audience,
            token=token,
            purpose=purpose,
            reference=reference,
            port=office_port,
        ),
    }
    command = [program.path, *(arguments or [])]
    os.execve(program.path, command, environment)  # noqa: S606 - psql takes this process' place


def client_environment(
    deployment: Deployment,
    *,
    audience: str,
    token: str,
    purpose: str | None,
    reference: str | None,
    port: int | None = None,
) -> dict[str, str]:
    """Tell libpq's variables for a door. Raises InputError for a value that cannot be passed on."""
    gateway = deployment.gateway
    if gateway is None:
        raise ConfigError("The configuration has no [gateway].")
    listener = next((one for one in gateway.listeners if port in {None, one.port}), None)
    if listener is None:
        raise InputError(f"No listener of this gateway has the port {port}.")
    wanted = {"purpose": purpose, "reference": reference}
    return {
        "PGHOST": listener.host,
        "PGPORT": str(listener.port),
        "PGUSER": audience,
        "PGDATABASE": gateway.backend.database,
        "PGPASSWORD": token,
        "PGOPTIONS": " ".join(
            f"-c klover.{name}={_escaped(content)}" for name, content in wanted.items() if content
        ),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(_root(gateway.certificate)),
        "PGGSSENCMODE": "disable",
        "PGCLIENTENCODING": "UTF8",
    }


def _without_postgres(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out libpq's variables: a service or certificate set elsewhere must not change ours."""
    return {name: text for name, text in environment.items() if not name.startswith("PG")}


def _escaped(content: str) -> str:
    return "".join(f"\\{one}" if one.isspace() or one == "\\" else one for one in content)


def _root(certificate: str) -> Path:
    """Find the root that clients trust: ``root.pem`` beside the certificate, or its own chain."""
    beside = Path(certificate).with_name("root.pem")
    return beside if beside.is_file() else Path(certificate)


def find_psql() -> Program:
    """Find a psql that speaks TLS. Raises KloverError where there is none."""
    candidates = [Program(path=path)] if (path := shutil.which("psql")) else []
    candidates += _embedded()
    found = next((program for program in candidates if _speaks_tls(program)), None)
    if found is None:
        raise KloverError(
            "There is no psql that speaks TLS; install one (Debian: postgresql-client), or use "
            "any other Postgres client."
        )
    return found


def _embedded() -> Sequence[Program]:
    spec = find_spec("psycopg_binary")
    if spec is None or spec.origin is None:
        return ()
    libraries = Path(spec.origin).parent.parent / "psycopg_binary.libs"
    libpq = sorted(libraries.glob("libpq-*.so.5*"))
    try:
        path = find_binaries().program("psql")
    except KloverError:
        return ()
    if not libpq:
        return ()
    environment = {"LD_PRELOAD": str(libpq[0]), "LD_LIBRARY_PATH": str(libraries)}
    return (Program(path=path, environment=environment),)


def _speaks_tls(program: Program) -> bool:
    """Ask a psql to connect to nowhere with TLS: one without it says so at once."""
    try:
        tried = subprocess.run(
            [program.path, "--no-psqlrc", "host=/nonexistent sslmode=require dbname=none"],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=10,
            env={**_without_postgres(os.environ), **program.environment},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return _NO_TLS not in tried.stderr
