"""The commands suspend, resume, drop, status and drift, from a configuration file."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from conftest import NewDatabase
from doubles.catalog_dump import catalog_lines, notes
from doubles.configured import write_config
from doubles.servers import set_for_now
from doubles.tiny_doors import POLICY, SOUND, make_tables
from klover.cli.groups import doors as app
from klover.errors import CheckFailed, InputError, PolicyError
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.store.replay import flushed_position, wait_replayed

RUN = CliRunner()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command wait for the standby however busy the machine is."""
    monkeypatch.setattr("klover.assemble.servers._FOLLOW_SECONDS", 120.0)


@pytest.fixture
def database(server: Server, new_database: NewDatabase) -> str:
    name = new_database()
    with connect(server.dsn(name), what="the test enclave") as connection:
        make_tables(connection)
    return name


@pytest.fixture
def option(server: Server, standby: Server, database: str, tmp_path: Path) -> Iterator[list[str]]:
    (tmp_path / "klover.yaml").write_text(SOUND)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        config = write_config(
            tmp_path, primary=server.dsn(database), standby=standby.dsn(database), log=log
        )
        yield ["--config", str(config)]


def done(*words: str) -> str:
    return RUN.invoke(app, list(words), catch_exceptions=False).stdout


def told(*words: str) -> Any:
    return json.loads(done(*words, "--json"))


def test_a_migration_between_suspend_and_resume(
    option: list[str], server: Server, standby: Server, database: str, tmp_path: Path
) -> None:
    assert "No doors" in done("status", *option)
    assert told("apply", *option)["version"] == 1
    with connect(server.dsn(database), what="the primary") as primary:
        with connect(standby.dsn(), what="the standby") as replayed:
            wait_replayed(replayed, flushed_position(primary))
        seat = f"{standby.dsn(database, 'klover_s_home_01')} application_name='klover seat'"
        # Whoever came another way may call itself what it likes, but has no seat's role.
        named = f"{standby.dsn(database, 'klover_s_abroad_02')} application_name='klover seat'"
        with (
            connect(seat, what="a gateway's seat") as sitting,
            connect(named, what="a door") as session,
        ):
            # A gateway would end it with a word of why; nobody does for this one.
            assert session.execute("select count(*) from door_abroad.people").fetchone() == (2,)
            closed = told("suspend", *option)
            assert closed["ended"] == 1
            assert set(closed["suspended"]) == {"door_abroad", "door_home"}
            with pytest.raises(psycopg.OperationalError):
                session.execute("select 1")
            assert sitting.execute("select 1").fetchone() == (1,), "it shows nothing, and stays"
        with (
            connect(standby.dsn(database, "klover_s_abroad_01"), what="a door") as session,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            session.execute("select count(*) from door_abroad.people")
        primary.execute("alter table public.posts alter column score type bigint")
        primary.execute("alter table public.posts rename column body to words")
        refused = RUN.invoke(app, ["resume", *option])
        assert isinstance(refused.exception, PolicyError)
        assert "body" in str(refused.exception)
        assert "suspended since" in done("status", *option)
        assert isinstance(RUN.invoke(app, ["apply", *option]).exception, PolicyError)
        (tmp_path / "klover.yaml").write_text(SOUND.replace("      body:", "      words:"))
        still = RUN.invoke(app, ["apply", *option])
        assert isinstance(still.exception, InputError)
        assert "resume" in str(still.exception)
        assert "`klover doors resume` runs this" in done("plan", *option)
        assert told("resume", *option)["version"] == 2
        primary.execute("set role klover_door_abroad")
        assert primary.execute("select words from door_abroad.posts").fetchall() == [("hello",)]
    state = told("status", *option)
    assert state["version"]["number"] == 2
    assert [version["number"] for version in state["versions"]] == [2, 1]
    assert not state["suspended"]
    assert not state["drift"]


def test_a_replication_role_of_ones_own_is_no_drift_and_keeps_no_door_shut(
    option: list[str], server: Server
) -> None:
    """What the configuration lets replicate counts for every command that proves."""
    path = Path(option[1])
    path.write_text(
        path.read_text().replace("[log]", 'replication = ["klover_replication", "mirror_r"]\n[log]')
    )
    with connect(server.dsn(), what="the test server") as owner:
        owner.execute("create role mirror_r login replication")
        try:
            told("apply", *option)
            assert not told("status", *option)["drift"]
            told("suspend", *option)
            told("resume", *option)
            assert not told("status", *option)["suspended"]
        finally:
            owner.execute("drop role mirror_r")


@pytest.fixture
def endlessly_patient(standby: Server) -> Iterator[None]:
    """Let the standby's replay wait for a statement that holds it up for as long as it takes."""
    with set_for_now(standby, "max_standby_streaming_delay", "-1"):
        yield


@pytest.mark.usefixtures("endlessly_patient")
def test_a_long_statement_does_not_keep_a_suspended_door_open(
    option: list[str], server: Server, standby: Server, database: str
) -> None:
    done("apply", *option)
    with connect(server.dsn(database), what="the primary") as primary:
        position = flushed_position(primary)
    with connect(standby.dsn(), what="the standby") as replayed:
        wait_replayed(replayed, position)
    with connect(
        standby.dsn(database, "klover_s_abroad_01"), what="a door", autocommit=False
    ) as session:
        session.execute("select * from door_abroad.people")  # its lock holds up the replay
        assert told("suspend", "abroad", *option)["ended"] == 1
        with pytest.raises(psycopg.OperationalError):
            session.execute("select * from door_abroad.people")


def test_one_door_is_suspended_and_resumed(option: list[str]) -> None:
    done("apply", *option)
    assert set(told("suspend", "abroad", *option)["suspended"]) == {"door_abroad"}
    assert "door_abroad: suspended since" in done("suspend", "abroad", *option)
    assert "Proved and open: version 2" in done("resume", "abroad", *option)


def test_drift_ends_with_a_failed_check_and_says_what_breaks(
    option: list[str], server: Server, database: str
) -> None:
    done("apply", *option)
    assert "No drift" in done("drift", *option)
    with connect(server.dsn(database), what="the primary") as primary:
        primary.execute("alter table public.posts rename column body to words")
    found = RUN.invoke(app, ["drift", *option])
    assert isinstance(found.exception, CheckFailed)
    assert "posts.body is now words" in found.stdout
    assert "read by door_abroad.posts, door_home.posts" in found.stdout
    as_json = json.loads(RUN.invoke(app, ["drift", "--json", *option]).stdout)
    assert as_json["drift"][0]["subject"] == "posts.body"
    assert "drift: 2" in done("status", *option)


def test_a_migration_is_rehearsed(option: list[str], tmp_path: Path) -> None:
    done("apply", *option)
    file = tmp_path / "0042.sql"
    file.write_text("alter table posts drop column score;")
    found = RUN.invoke(app, ["drift", "--migration", str(file), *option])
    assert isinstance(found.exception, CheckFailed)
    assert "posts.score is gone" in found.stdout
    assert "klover doors suspend" in found.stdout
    file.write_text("comment on table posts is 'what people wrote'")
    assert "No drift" in done("drift", "--migration", str(file), *option)
    file.write_text("begin; drop table posts; commit;")
    refused = RUN.invoke(app, ["drift", "--migration", str(file), *option])
    assert isinstance(refused.exception, InputError)
    assert refused.exception.exit_code == 2
    missing = RUN.invoke(app, ["drift", "--migration", str(tmp_path / "none.sql"), *option])
    assert isinstance(missing.exception, InputError)
    assert "No drift" in done("drift", *option)


def test_doors_are_dropped_one_and_all(option: list[str], server: Server, database: str) -> None:
    done("apply", *option)
    assert "would make their doors again" in done("drop", "abroad", *option)
    with connect(server.dsn(database), what="the primary") as primary:
        names = (
            "select nspname from pg_namespace where nspname like 'door%' or nspname like 'klov%'"
        )
        assert ("door_abroad",) not in primary.execute(names).fetchall()
        assert ("door_home",) in primary.execute(names).fetchall()
        dropped = told("drop", "--all", *option)
        assert dropped["steps"] > 10
        assert "the role klover_session: pg_hba.conf names it" in dropped["kept"]
        assert not primary.execute(names).fetchall()


@pytest.mark.parametrize(
    "words",
    [
        ["drop"],
        ["drop", "abroad", "--all"],
        ["suspend", "nobody"],
        ["drop", "nobody"],
        ["resume"],
        ["resume", "nobody"],
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(option: list[str], words: list[str]) -> None:
    done("apply", *option)
    wrong = RUN.invoke(app, [*words, *option])
    assert isinstance(wrong.exception, InputError)
    assert not told("status", *option)["suspended"]
    assert "Nothing to do" in done("apply", *option)


def test_what_the_check_of_the_policy_refuses_no_command_makes(
    option: list[str], server: Server, database: str, tmp_path: Path
) -> None:
    """Its errors are printed with what mends them, nothing changes, and a look is still free."""
    done("apply", *option)
    done("suspend", *option)
    policy = tmp_path / "klover.yaml"
    wrong = SOUND + "never:\n  - {located: [NO], identifiers: clear}\n"
    policy.write_text(wrong)
    with connect(server.dsn(database), what="the primary") as primary:
        before = [*catalog_lines(primary), *notes(primary)]
        for words in (["apply"], ["resume"], ["resume", "home"], ["rotate", "abroad"]):
            refused = RUN.invoke(app, [*words, *option])
            assert isinstance(refused.exception, CheckFailed), refused.output
            assert refused.exception.exit_code == 1
            assert "has 1 error, listed above" in str(refused.exception)
            assert "error: This `never` does not hold: audience home" in refused.stdout
            assert "Change the audience." in refused.stdout
            as_json = json.loads(RUN.invoke(app, [*words, "--json", *option]).stdout)
            assert not as_json["ok"]
            assert [each["mend"] for each in as_json["findings"]] == ["Change the audience."]
            assert [*catalog_lines(primary), *notes(primary)] == before
        planned = done("plan", *option)
        assert "-- `klover doors apply` is refused until that is mended." in planned
        assert "This `never` does not hold" in planned
        assert all(set(step) == {"phase", "why", "sql"} for step in told("plan", *option))
        policy.write_text(SOUND)
        assert told("resume", *option)["version"] == 2


def test_doors_are_dropped_by_a_policy_that_its_check_refuses(
    option: list[str], tmp_path: Path
) -> None:
    """To close a door nobody has to mend the others first."""
    done("apply", *option)
    (tmp_path / "klover.yaml").write_text(POLICY)
    assert isinstance(RUN.invoke(app, ["apply", *option]).exception, CheckFailed)
    assert "would make their doors again" in done("drop", "abroad", *option)
    done("suspend", *option)
    done("drop", "--all", *option)
