"""Every command of docs/doors.md is run, in order, on a small deployment."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from conftest import NewDatabase
from doubles.tiny_doors import SOUND, make_tables
from klover.cli import app
from klover.door.ground import Kind
from klover.store.connect import connect
from klover.store.embedded import Server

TEXT = (Path(__file__).parents[2] / "docs" / "doors.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
MIGRATION = "alter table public.posts alter column score type bigint;\n"
_ENDS_WITH_1 = {"klover doors drift --migration 0042_posts.sql"}


@pytest.fixture
def folder(
    server: Server,
    standby: Server,
    new_database: NewDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    name = new_database()
    with connect(server.dsn(name), what="the test enclave") as connection:
        make_tables(connection)
    (tmp_path / "klover.yaml").write_text(SOUND)
    (tmp_path / "0042_posts.sql").write_text(MIGRATION)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        (tmp_path / "klover.toml").write_text(
            f"""policy = "klover.yaml"
[cell]
name = "hamar"
primary = "{server.dsn(name)}"
standby = "{standby.dsn(name)}"
[log]
directory = "{log}/log"
origin = "log.example/test"
keys = "{log}/keys"
"""
        )
        monkeypatch.chdir(tmp_path)
        (tmp_path / "primary").write_text(server.dsn(name))
        yield tmp_path


def test_the_commands_run_in_order(folder: Path) -> None:
    assert len(COMMANDS) >= 9
    for line in COMMANDS:
        command = re.sub(r"\s+#.*", "", line)
        if command.startswith("psql -f "):
            script = (folder / command.removeprefix("psql -f ")).read_text()
            with psycopg.connect((folder / "primary").read_text(), autocommit=True) as primary:
                primary.execute(script.encode())
            continue
        done = CliRunner().invoke(app, command.split()[1:])
        expected = 1 if command in _ENDS_WITH_1 else 0
        code = getattr(done.exception, "exit_code", done.exit_code)
        assert code == expected, (command, done.output, done.exception)


def test_every_command_of_a_doors_life_is_told_of() -> None:
    for name in ("plan", "apply", "prove", "status", "suspend", "resume", "drift", "drop"):
        assert any(line.startswith(f"klover doors {name}") for line in COMMANDS), name


def test_each_kind_of_drift_has_a_row() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| a ")]
    words = {"table", "view", "column", "type", "null", "key", "partition"}
    assert {kind.value.split("-")[0] for kind in Kind} == words
    for word in words:
        assert any(word in row.lower() for row in rows), word
