"""``klover login`` and ``klover psql``: the token, the environment, a psql that speaks TLS."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from klover.assemble import load_deployment
from klover.cli import app
from klover.cli.psql import Program, _embedded, _speaks_tls, client_environment, find_psql
from klover.cli.up import tell
from klover.config import (
    Backend,
    Cell,
    Deployment,
    Gateway,
    Issuer,
    Listener,
    LogFiles,
)
from klover.errors import InputError
from klover.gateway.authenticate import authenticate, trust
from klover.gateway.token import make_keys

CONFIG = """
policy = "klover.yaml"
[cell]
name = "c"
primary = "host=/nowhere"
[log]
directory = "log"
origin = "x.example/log"
keys = "keys"
[gateway]
certificate = "chain.pem"
private_key = "key.pem"
[gateway.backend]
host = "/nowhere"
database = "app"
[[gateway.listeners]]
host = "127.0.0.1"
port = 1
[issuer]
name = "i"
audience = "a"
keys = "jwks.json"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    private, public = make_keys()
    (tmp_path / "trial.json").write_text(private)
    (tmp_path / "jwks.json").write_text(public)
    (tmp_path / "klover.toml").write_text(f'{CONFIG}trial_key = "trial.json"\n')
    return tmp_path


def test_login_gives_a_token_that_the_gateway_takes(folder: Path) -> None:
    arguments = ["login", "--user", "aoife", "--group", "g", "--group", "h", "--country", "IE"]
    arguments += ["--claim", "department=cx", "--claim", "department=x", "--claim", "level=1"]
    arguments += ["--config", str(folder / "klover.toml"), "--json"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    token = json.loads(told.stdout)["token"]
    trusted = trust(Issuer(name="i", audience="a", keys=""), (folder / "jwks.json").read_text())
    found = authenticate(token.encode(), trusted, datetime.now(UTC))
    assert found.principal.groups == {"g", "h"}
    assert found.country == "IE"
    assert found.principal.claims["department"] == {"cx", "x"}
    assert found.principal.claims["level"] == {"1"}
    wrong = CliRunner().invoke(app, [*arguments, "--claim", "department"])
    assert isinstance(wrong.exception, InputError)


def test_psql_passes_on_whose_token_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[dict[str, str]] = []
    monkeypatch.setattr("os.execve", lambda *words: begun.append(words[2]))
    monkeypatch.delenv("KLOVER_TOKEN", raising=False)
    words = ["psql", "x", "--user", "wei", "--group", "g", "--claim", "level=2"]
    done = CliRunner().invoke(app, [*words, "--config", str(folder / "klover.toml")])
    assert done.exit_code == 0, done.output
    (environment,) = begun
    trusted = trust(Issuer(name="i", audience="a", keys=""), (folder / "jwks.json").read_text())
    found = authenticate(environment["PGPASSWORD"].encode(), trusted, datetime.now(UTC))
    assert found.principal.subject == "wei"
    assert found.principal.claims["level"] == {"2"}


def test_without_a_trial_issuer_nobody_can_be_made_up(folder: Path) -> None:
    (folder / "klover.toml").write_text(CONFIG)
    command = [sys.executable, "-c", "from klover.cli import main; main()"]
    command += ["login", "--user", "x", "--config", str(folder / "klover.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "KLOVER_TOKEN" in done.stderr


def test_the_environment_is_all_that_a_client_needs(tmp_path: Path) -> None:
    deployment = Deployment(
        policy="",
        cell=Cell(name="c", primary="", standby=None),
        sources=(),
        log=LogFiles(directory="", origin="", keys=""),
        gateway=Gateway(
            listeners=(Listener(host="h", port=1), Listener(host="h", port=2)),
            certificate=str(tmp_path / "chain.pem"),
            private_key="",
            backend=Backend(host="/", port=1, database="app"),
        ),
    )
    found = client_environment(
        deployment, audience="x", token="t", purpose="a b", reference="C-1", port=2
    )
    assert found["PGOPTIONS"] == "-c klover.purpose=a\\ b -c klover.reference=C-1"
    assert (found["PGPORT"], found["PGUSER"], found["PGSSLMODE"]) == ("2", "x", "verify-full")
    with pytest.raises(InputError, match="port 3"):
        client_environment(
            deployment, audience="x", token="t", purpose=None, reference=None, port=3
        )


def test_an_open_gateway_names_doors_that_are_suspended(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment = load_deployment(folder / "klover.toml")
    tell(deployment, 7, {"door_x": "2026-11-27T11:22:22Z"}, as_json=False)
    told = capsys.readouterr().out
    assert "door_x is suspended since 2026-11-27T11:22:22Z: nobody is let in there." in told
    assert "127.0.0.1:1" in told


def test_a_psql_that_speaks_tls_is_found_even_in_the_wheel() -> None:
    assert _speaks_tls(find_psql())
    (embedded,) = _embedded()
    assert _speaks_tls(embedded)
    assert not _speaks_tls(Program(path=embedded.path))
