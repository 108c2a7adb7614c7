"""What a command loads when it starts: what it needs, and nothing that only others do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from doubles.tiny_doors import SOUND
from klover import assemble
from klover.cli import app, groups

_PROGRAM = """
import atexit, json, sys
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
from klover.cli import main
main()
"""
_SERVERS = {"asyncio", "uvloop", "ssl", "psycopg", "joserfc", "cryptography.x509"}
_HEAVY = _SERVERS | {"cryptography", "phonenumbers", "ruamel", "rich"}
_ROOMS = {f"klover.{room}" for room in ("store", "door", "gateway", "migrate", "log", "demo")}
_LISTS = {
    "": groups.KLOVER,
    "policy": groups.POLICY,
    "doors": groups.DOORS,
    "migrate": groups.MIGRATE,
    "log": groups.LOG,
}


def _loaded(*words: str) -> set[str]:
    """Run a command in a process of its own; tells the modules that it has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "words",
    ["--help", "--version", "policy --help", "doors --help", "migrate --help", "log --help"],
)
def test_a_list_of_commands_loads_none_of_them(words: str) -> None:
    loaded = _loaded(*words.split())
    assert "klover.cli.groups" in loaded
    assert loaded & (_HEAVY | _ROOMS | {"klover.policy.model"}) == set()
    assert {name for name in loaded if name.startswith("klover.cli.")} == {
        "klover.cli.ending",
        "klover.cli.groups",
        "klover.cli.lazily",
    }


def test_a_policy_is_checked_without_what_databases_and_the_gateway_need(tmp_path: Path) -> None:
    file = tmp_path / "klover.yaml"
    file.write_text(SOUND)
    loaded = _loaded("policy", "check", str(file))
    assert "klover.policy.check" in loaded
    assert loaded & (_SERVERS | _ROOMS) == set()


@pytest.mark.parametrize("words", ["policy schema", "policy explain --help", "policy diff --help"])
def test_what_asks_no_database_loads_no_driver(words: str) -> None:
    assert _loaded(*words.split()) & _SERVERS == set()


def test_a_log_is_verified_without_a_driver_or_the_gateway() -> None:
    assert _loaded("log", "verify", "--help") & (_SERVERS | {"klover.policy.model"}) == set()


@pytest.mark.parametrize("group", _LISTS)
def test_the_line_of_a_list_is_the_first_sentence_of_the_command(group: str) -> None:
    assert _LISTS[group]
    for name, listed in _LISTS[group].items():
        told = CliRunner().invoke(app, [*group.split(), name, "--help"]).stdout
        first = told.split("\n\n")[1].split()
        ends = next(number for number, word in enumerate(first, 1) if word.endswith("."))
        assert " ".join(first[:ends]) == listed.line, name


@pytest.mark.parametrize("name", assemble.__all__)
def test_each_part_of_a_deployment_is_found(name: str) -> None:
    assert callable(getattr(assemble, name))


def test_a_part_that_is_none_is_told() -> None:
    with pytest.raises(AttributeError, match="no_such_part"):
        getattr(assemble, "no_such_part")  # noqa: B009 - not known to the types either
