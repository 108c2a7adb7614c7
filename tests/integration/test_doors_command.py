"""The commands plan, apply and prove on an enclave of their own, from a configuration file."""

import json
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from conftest import NewDatabase
from doubles.configured import write_config
from doubles.demo_doors import load_application
from doubles.enclave import PEOPLE
from doubles.servers import set_for_now
from klover.assemble import load_deployment
from klover.catalog import TableName
from klover.cli.groups import doors as app
from klover.door import Way, naming
from klover.errors import CheckFailed, ConfigError, InputError, PolicyError
from klover.store.connect import connect
from klover.store.embedded import Server

RUN = CliRunner()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command wait for the standby however busy the machine is."""
    monkeypatch.setattr("klover.assemble.servers._FOLLOW_SECONDS", 120.0)


@pytest.fixture
def configuration(
    server: Server, standby: Server, new_database: NewDatabase, tmp_path: Path
) -> Iterator[Path]:
    database = new_database()
    with connect(server.dsn(database), what="the test enclave") as connection:
        load_application(connection)
    policy = files("klover.demo").joinpath("klover.yaml").read_text()
    (tmp_path / "klover.yaml").write_text(policy)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        config = write_config(
            tmp_path, primary=server.dsn(database), standby=standby.dsn(database), log=log
        )
        yield config


def test_plan_apply_prove(configuration: Path) -> None:
    option = ["--config", str(configuration)]
    planned = RUN.invoke(app, ["plan", *option], catch_exceptions=False)
    assert "create schema" in planned.stdout
    told = json.loads(RUN.invoke(app, ["plan", "--json", *option], catch_exceptions=False).stdout)
    assert {step["phase"] for step in told} >= {"revoke", "create", "view", "grant"}
    applied = json.loads(
        RUN.invoke(app, ["apply", "--json", *option], catch_exceptions=False).stdout
    )
    assert applied["steps"] == len(told)
    assert "accounts" in applied["doors"]["engineering-abroad"]
    again = RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    assert "Nothing to do" in again.stdout
    assert "Nothing to do" in RUN.invoke(app, ["plan", *option]).stdout


@pytest.fixture
def slow(standby: Server) -> Iterator[None]:
    """Let the standby replay each commit a moment late."""
    with set_for_now(standby, "recovery_min_apply_delay", "700ms"):
        yield


@pytest.mark.usefixtures("slow")
def test_a_command_that_made_doors_ends_when_people_find_them(configuration: Path) -> None:
    option = ["--config", str(configuration)]
    standby = load_deployment(configuration).cell.standby
    assert standby is not None
    found = "select count(*) from pg_namespace where nspname = 'door_engineering_abroad'"
    for command, doors in (("apply", 1), ("drop", 0)):
        words = [command, "engineering-abroad"] if command == "drop" else [command]
        assert RUN.invoke(app, [*words, *option], catch_exceptions=False).exit_code == 0
        with connect(standby, what="the standby") as owner:
            assert owner.execute(found.encode()).fetchone() == (doors,), command
    RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    with connect(_primary(configuration), what="the primary") as owner:
        owner.execute("comment on schema door_engineering_abroad is 'nonsense'")
    proved = json.loads(RUN.invoke(app, ["prove", "--json", *option]).stdout)
    assert [proof["holds"] for proof in proved.values()] == [True, True]


def test_a_standby_that_does_not_follow_fails_no_change_and_is_told(
    configuration: Path, standby: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klover.assemble.servers._FOLLOW_SECONDS", 0.1)
    option = ["--config", str(configuration)]
    with connect(standby.dsn(), what="the standby") as owner:
        owner.execute("select pg_wal_replay_pause()")
        try:
            done = RUN.invoke(app, ["apply", "--json", *option], catch_exceptions=False)
        finally:
            owner.execute("select pg_wal_replay_resume()")
    assert json.loads(done.stdout)["version"] == 1
    assert "The standby has not replayed this yet" in done.stderr


def test_prove_ends_with_a_failed_check_where_doors_are_open(configuration: Path) -> None:
    option = ["--config", str(configuration)]
    RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    proved = RUN.invoke(app, ["prove", *option], catch_exceptions=False)
    assert "0 violation" in proved.stdout
    told = json.loads(RUN.invoke(app, ["prove", "--json", *option]).stdout)
    assert told["primary"]["holds"]
    with psycopg.connect(_primary(configuration), autocommit=True) as owner:
        owner.execute("grant select on public.accounts to klover_door_engineering_abroad")
    failed = RUN.invoke(app, ["prove", *option])
    assert isinstance(failed.exception, CheckFailed)
    assert failed.exception.exit_code == 1
    assert "klover_door_engineering_abroad" in failed.stdout
    assert "mend `klover doors apply` sets it right" in " ".join(failed.stdout.split())
    told = json.loads(RUN.invoke(app, ["prove", "--json", *option]).stdout)
    violations = told["primary"]["violations"]
    assert violations
    assert all(each["mend"] for each in violations)


def test_prove_lists_each_way_by_which_data_could_leave(configuration: Path) -> None:
    option = ["--config", str(configuration)]
    RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    told = RUN.invoke(app, ["prove", "--all", *option], catch_exceptions=False).stdout
    headings = [line for line in told.splitlines() if line.startswith("standby, ")]
    assert headings == [f"standby, {way}" for way in Way]
    assert "absent    nobody  role pg_execute_server_program: runs programs on the host" in told
    facts = json.loads(RUN.invoke(app, ["prove", "--json", *option]).stdout)["standby"]["facts"]
    assert {fact["way"] for fact in facts} == {str(way) for way in Way}
    short = RUN.invoke(app, ["prove", *option], catch_exceptions=False).stdout
    assert len(short.splitlines()) < 10


def test_a_replication_role_that_the_file_does_not_name_is_a_violation(
    configuration: Path,
) -> None:
    option = ["--config", str(configuration)]
    RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    text = configuration.read_text()
    configuration.write_text(text.replace("[cell]", '[cell]\nreplication = ["barman"]', 1))
    proved = RUN.invoke(app, ["prove", *option])
    assert isinstance(proved.exception, CheckFailed)
    assert "klover_replication  power REPLICATION" in proved.stdout


def test_wrong_input_is_told_and_changes_nothing(configuration: Path) -> None:
    missing = RUN.invoke(app, ["plan", "--config", str(configuration.with_name("none.toml"))])
    assert isinstance(missing.exception, ConfigError)
    policy = configuration.with_name("klover.yaml")
    policy.write_text(policy.read_text().replace("videos:", "vidoes:", 1))
    wrong = RUN.invoke(app, ["apply", "--config", str(configuration)])
    assert isinstance(wrong.exception, PolicyError)
    with psycopg.connect(_primary(configuration)) as owner:
        found = owner.execute("select count(*) from pg_namespace where nspname like 'door%'")
        assert found.fetchone() == (0,)


def _primary(configuration: Path) -> str:
    line = next(
        line for line in configuration.read_text().splitlines() if line.startswith("primary")
    )
    return line.partition('"')[2].rstrip('"')


def test_rotate_and_reveal(configuration: Path) -> None:
    option = ["--config", str(configuration)]
    RUN.invoke(app, ["apply", *option], catch_exceptions=False)
    deployment = load_deployment(configuration)
    with connect(deployment.cell.primary, what="the test enclave") as connection:
        connection.execute(PEOPLE.encode())
        name = naming.stored("engineering-abroad", TableName("public", "accounts"), "id", 1)
        (old,) = connection.execute(
            f"select {name} from public.accounts where id = 4711".encode()
        ).fetchone() or ("",)
    turned = RUN.invoke(app, ["rotate", "engineering-abroad", "--json", *option])
    assert json.loads(turned.stdout) == {
        "audience": "engineering-abroad", "epoch": 2, "previous": 1,
    }  # fmt: skip
    asked = ["reveal", "engineering-abroad", "accounts", str(old), "--reason", "a complaint"]
    told = RUN.invoke(app, [*asked, "--reference", "CASE-9", *option], catch_exceptions=False)
    assert told.stdout == "id = 4711\n"
    told = RUN.invoke(app, [*asked, "--reference", "CASE-9", "--json", *option])
    assert json.loads(told.stdout) == {"epoch": 1, "key": {"id": "4711"}}
    with pytest.raises(InputError, match="not finished"):
        RUN.invoke(app, ["rotate", "engineering-abroad", *option], catch_exceptions=False)
    RUN.invoke(app, ["rotate", "engineering-abroad", "--finish", *option], catch_exceptions=False)
    with pytest.raises(CheckFailed, match="no pseudonym"):
        RUN.invoke(app, [*asked, "--reference", "CASE-9", *option], catch_exceptions=False)
    with pytest.raises(InputError, match="Say why"):
        RUN.invoke(app, [*asked, "--reference", " ", *option], catch_exceptions=False)
    with pytest.raises(InputError, match="no audience"):
        RUN.invoke(app, ["rotate", "nobody", *option], catch_exceptions=False)
    spool = b"".join(path.read_bytes() for path in _log(configuration).rglob("*") if path.is_file())
    assert b"pseudonym-revealed" in spool
    assert b"pseudonyms-rotated" in spool
    assert b"CASE-9" in spool
    assert str(old).encode() not in spool
    assert b'"4711"' not in spool
    proved = json.loads(RUN.invoke(app, ["prove", "--json", *option]).stdout)
    assert [proof["holds"] for proof in proved.values()] == [True, True]


def _log(configuration: Path) -> Path:
    return Path(load_deployment(configuration).log.directory)
