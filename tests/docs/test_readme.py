"""Every command in the README is run, in its order, on embedded servers."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.ports import free_ports
from klover.demo import ground, people
from klover.demo.deployment import make_deployment
from klover.demo.ground import Ground
from klover.store.connect import connect

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
DSN = "host=db.example dbname=app user=app_owner"


def commands() -> list[str]:
    """List the lines of the README's shell blocks, comments cut off."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.strip()]


def shell(command: str, folder: Path, expect: int = 0) -> str:
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "COLUMNS": "120"},
        timeout=300,
    )
    assert done.returncode == expect, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def deployment() -> Iterator[Ground]:
    """Run servers with 300 people elsewhere, an empty enclave, and a complete ``klover.toml``."""
    ports = dict(zip(ground.OFFICES, free_ports(len(ground.OFFICES)), strict=True))
    with ground.folder(None) as folder, ground.servers(folder, ports, lambda _: None) as running:
        with connect(running.source_dsn(), what="elsewhere") as connection:
            people.create_application(connection)
            people.populate(connection, people=300, seed=7, progress=lambda *_: None)
        make_deployment(running)
        yield running


def test_the_readme_has_the_two_commands() -> None:
    assert "make demo" in commands()
    assert "make test" in commands()


def test_make_demo_runs_as_written() -> None:
    arguments = f"--exit --json --people 300 --port {free_ports()[0]}"
    assert "make demo ARGS=" in README
    out = shell(f'make --silent demo ARGS="{arguments}"', ROOT)
    assert '"ok": true' in out


def test_make_test_is_the_suite_that_ci_runs() -> None:
    assert "scripts/test" in shell("make --dry-run test", ROOT)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_pip_install_gives_the_command(tmp_path: Path) -> None:
    assert "`pip install .` gives the command `klover`" in README
    shell(
        f"{sys.executable} -m pip install --quiet --disable-pip-version-check --no-deps "
        f"--no-build-isolation --target {tmp_path} {ROOT}",
        tmp_path,
    )
    assert (tmp_path / "bin" / "klover").is_file()
    installed = {path.suffix for path in (tmp_path / "klover").rglob("*") if path.is_file()}
    assert {".py", ".sql", ".yaml", ".typed"} <= installed


@pytest.mark.timeout(600)
def test_the_commands_for_your_own_databases_run_in_order(deployment: Ground) -> None:
    ours = [line for line in commands() if line.startswith("klover ")]
    assert len(ours) >= 10
    folder = deployment.folder
    for command in ours:
        line = command.replace(DSN, deployment.source_dsn())
        if line.startswith("klover policy suggest"):
            (folder / "klover.yaml").unlink()
            shell(line, folder)
            assert (folder / "klover.yaml").stat().st_size > 0
            # What only its owner can decide has been decided in the demo's policy.
            shutil.copy(ROOT / "src" / "klover" / "demo" / "klover.yaml", folder / "klover.yaml")
        elif line == "klover up":
            run_up(folder)
        else:
            shell(line, folder)


def run_up(folder: Path) -> None:
    """Start ``klover up``, wait for the word that it is open, end it with Ctrl-C."""
    process = subprocess.Popen(
        [str(BIN / "klover"), "up"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "Ctrl-C" in line:
                process.send_signal(signal.SIGINT)
                break
        said += process.stdout.read()
        assert process.wait(240) == 0, said
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
