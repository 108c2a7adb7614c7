"""docs/change.md: its commands are run in order on a real enclave, its example parses."""

import json
import re
import shlex
from pathlib import Path

import pytest

from conftest import NewDatabase
from doubles.signed import ANNA, BERT, OLGA
from doubles.signed_house import BASE, LOOSER, RUN, TIGHTER, UNSIGNED, House, make_house
from klover.cli import app
from klover.errors import CheckFailed
from klover.policy.parse import parse
from klover.store.embedded import Server

TEXT = (Path(__file__).parents[2] / "docs" / "change.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ klover ").partition("#")[0].strip()
    for block in re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def house(
    server: Server,
    standby: Server,
    new_database: NewDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> House:
    monkeypatch.chdir(tmp_path)
    return make_house(server, standby, new_database(), tmp_path)


def test_the_section_parses_and_names_the_keys_of_the_tests() -> None:
    (section,) = re.findall(r"```yaml part\n(.*?)```", TEXT, flags=re.DOTALL)
    signing = parse(UNSIGNED + section, "k.yaml").signing
    assert signing is not None
    assert [one.key for one in signing.signers.values()] == [ANNA.verifier, BERT.verifier]
    assert signing.overseer == OLGA.verifier


def test_the_commands_work_in_their_order(house: House) -> None:
    """What stands in the file between two commands is written here, as the text tells."""
    house.write(BASE, "old.yaml")
    house.write(LOOSER, "new.yaml")
    house.write(BASE)
    done: list[str] = []
    for command in COMMANDS:
        if command.startswith("policy current"):
            house.write(LOOSER)
            run("policy sign klover.yaml --key anna.key")  # the first of the two, by the first way
        if command.startswith("policy status"):
            run("policy propose klover.yaml")
        words = command.replace("5e341df0", pending(house))
        words = words.replace('"host=… dbname=…"', shlex.quote(house.dsn))
        if command.startswith("policy keygen"):
            words += f" -o made-{len(done)}.key"  # the fixture's own keys are the signers'
        code = 1 if "--fail-on-loosening" in command else 0
        told = run(words, code=code)
        if "--dsn" in command:
            assert "rows" in told
        done.append(command.split()[1])
    assert set(done) >= {"diff", "keygen", "sign", "propose", "current", "status", "object"}
    states = json.loads(run("policy status --json"))["versions"]
    assert [one["state"] for one in states] == ["in effect", "objected"]
    house.write(TIGHTER)
    run("policy sign klover.yaml --key anna.key")
    assert "run `klover doors apply`" in run("policy propose klover.yaml")


def pending(house: House) -> str:
    """Tell the digest of what waits; anything where nothing does."""
    if not (house.folder / "now.yaml").exists():
        return "5e341df0"
    return next((str(one["digest"])[:8] for one in house.status() if one["state"] == "pending"), "")


def run(command: str, *, code: int = 0) -> str:
    done = RUN.invoke(app, shlex.split(command), input="y\n")  # what `sign` asks
    if code:
        assert isinstance(done.exception, CheckFailed), command
        assert done.exception.exit_code == code
    else:
        assert done.exit_code == 0, (command, done.output, done.exception)
    return done.output
