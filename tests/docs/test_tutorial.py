"""The tutorial, followed to the letter: its commands are run, its edits are made."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from klover.demo import ground, people
from klover.demo.deployment import make_deployment
from klover.demo.ground import Ground
from klover.store.connect import connect

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
DSN = "host=db.example dbname=app user=app_owner"


def steps() -> list[tuple[str, str]]:
    """List the blocks in their order: ``sh`` to run, ``diff`` to make."""
    return re.findall(r"```(sh|diff)\n(.*?)```", TUTORIAL, re.DOTALL)


@pytest.fixture(scope="module")
def deployment() -> Iterator[Ground]:
    """Run servers with 120 people elsewhere, an empty enclave, and a ``klover.toml``."""
    ports = dict.fromkeys(ground.OFFICES, 0)
    with ground.folder(None) as folder, ground.servers(folder, ports, lambda _: None) as running:
        with connect(running.source_dsn(), what="elsewhere") as connection:
            people.create_application(connection)
            people.populate(connection, people=120, seed=7, progress=lambda *_: None)
        make_deployment(running)
        (folder / "klover.yaml").unlink()
        yield running


def run(line: str, folder: Path) -> str:
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", line],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "COLUMNS": "120",
        },
        timeout=170,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def edit(text: str, diff: str) -> str:
    """Make one edit; what it takes out has to be there, once."""
    lines = diff.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
    after = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
    # The tutorial shows lines without how sure they are.
    plain = re.sub(r" {2,}# \d\.\d(: .*)?$", "", text, flags=re.MULTILINE)
    assert plain.count(before) == 1, before
    return plain.replace(before, after)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_tutorial_works_as_written(deployment: Ground) -> None:
    policy = deployment.folder / "klover.yaml"
    kinds = [kind for kind, _ in steps()]
    assert kinds.count("diff") == 3
    told = {}
    for kind, block in steps():
        if kind == "diff":
            policy.write_text(edit(policy.read_text(encoding="utf-8"), block), encoding="utf-8")
            continue
        for line in block.splitlines():
            told[line] = run(line.replace(DSN, deployment.source_dsn()), deployment.folder)
    assert len(told) == 9
    (check,) = (out for line, out in told.items() if "policy check" in line)
    assert "holds" in check
    (why,) = (out for line, out in told.items() if "accounts.email" in line)
    assert "restricted" in why
    (proof,) = (out for line, out in told.items() if line == "klover doors prove")
    assert proof
