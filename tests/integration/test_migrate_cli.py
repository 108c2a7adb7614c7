"""``klover migrate`` from its first command to its last, over a deployment's file."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from doubles.configured import write_config
from doubles.small_world import POLICY, ROWS, SCHEMA, World, contents, run_sql
from klover import cli
from klover.cli.groups import migrate
from klover.store.embedded import Server

NewDatabase = Callable[[], str]


@pytest.fixture
def world(server: Server, new_database: NewDatabase, tmp_path: Path) -> World:
    made = World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))
    run_sql(made.source, SCHEMA)
    run_sql(made.source, ROWS)
    (tmp_path / "klover.yaml").write_text(POLICY)
    write_config(tmp_path, primary=made.enclave, source=made.source)
    (tmp_path / "keys").mkdir(mode=0o700)
    return made


def told(tmp_path: Path, *words: str) -> Any:
    """Run a command with --json; tell what it printed."""
    config = str(tmp_path / "klover.toml")
    result = CliRunner().invoke(migrate, [*words, "--config", config, "--json"])
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def test_from_the_first_command_to_the_last(world: World, tmp_path: Path) -> None:
    assert told(tmp_path, "schema") == {"differences": []}
    assert told(tmp_path, "schema", "--check") == {"differences": []}
    assert told(tmp_path, "status") is None
    assert told(tmp_path, "plan")["homes"]["undecided"] == 2
    before = contents(world.source)
    ran = told(tmp_path, "run")
    assert ran["phase"] == "compared"
    assert ran["rows_equal"] == ran["rows_moved"]
    assert contents(world.source) == before, "nothing is erased without retire"
    assert all(table["different"] == 0 for table in told(tmp_path, "compare")["tables"])
    assert told(tmp_path, "retire")["restricted_left"] == 0
    assert told(tmp_path, "status")["phase"] == "swept"
    for command in ("plan", "status"):
        result = CliRunner().invoke(migrate, [command, "--config", str(tmp_path / "klover.toml")])
        assert "@" not in result.output


def test_the_plan_in_words(world: World, tmp_path: Path) -> None:
    assert world.source
    config = str(tmp_path / "klover.toml")
    result = CliRunner().invoke(migrate, ["plan", "--config", config])
    assert result.exit_code == 0
    assert "4 people are inside (2 of them because nobody knows their home" in result.output
    assert "1 value" in result.output
    assert "Atlantis" not in result.output, "one person's own spelling"
    assert "nobody's" in result.output
    listed = [line.split()[0] for line in result.output.splitlines() if line.strip()]
    shared = next(line for line in result.output.splitlines() if line.startswith("shared, whole"))
    assert "colours (2)" in shared
    assert "colours" not in listed


def test_an_enclave_without_tables_ends_with_2(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert world.source
    arguments = ["klover", "migrate", "run", "--config", str(tmp_path / "klover.toml")]
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "is missing in the enclave" in error
    assert "klover migrate schema" in error
    assert "Traceback" not in error
