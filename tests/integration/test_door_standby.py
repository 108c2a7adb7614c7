"""Doors on a hot standby: the same proof holds there, and the standby alone lets sessions in."""

import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from doubles.demo_doors import TODAY
from doubles.enclave import Enclave, enclave
from klover import door
from klover.door import Verdict, Way, naming
from klover.store.connect import connect
from klover.store.embedded import Server


@pytest.fixture(scope="module")
def made(server: Server, standby: Server) -> Iterator[Enclave]:
    with enclave(server, standby, "klover_test_standby") as opened:
        yield opened


def test_the_proof_holds_on_both_and_only_the_standby_admits(made: Enclave) -> None:
    for running in (made.primary, made.standby):
        with connect(running.dsn(made.database), what="a test server") as connection:
            proof = door.prove(connection, made.resolved, TODAY)
        assert not proof.violations
        admitted = [
            fact
            for fact in proof.facts
            if fact.who == "sessions" and fact.way is Way.ENTRY and fact.verdict is Verdict.ALLOWED
        ]
        assert bool(admitted) is (running is made.standby)


def test_a_session_starts_with_the_compiled_settings(made: Enclave) -> None:
    with made.session("support_europe") as session:
        for name, value in made.doors.settings.items():
            assert session.execute("select current_setting(%s)", (name,)).fetchone() == (value,)
        path = session.execute("show search_path").fetchone()
    assert path == (naming.schema("support-europe"),)


def test_new_rows_show_under_pseudonyms_at_once(made: Enclave) -> None:
    with made.owner() as owner:
        owner.execute("set session_replication_role = replica")  # as a migration loads
        owner.execute(
            "insert into public.accounts (id, handle, email, phone, password_hash)"
            " values (5000, 'new', 'new@x.example', '+47123456', '')"
        )
    made.catch_up()
    with made.session("engineering_abroad") as session:
        row = session.execute("select count(*), count(id) from accounts").fetchone()
    assert row == (4, 4)
    with made.owner() as owner:
        owner.execute("delete from public.accounts where id = 5000")


def test_psql_can_describe_what_a_door_shows(made: Enclave) -> None:
    """In one session, of a role that no other test uses: a role is free a moment after its end."""
    program = made.standby.binaries.program("psql")
    asked = (r"\d", r"\d accounts", r"\dt+", r"\dv+", r"\du", r"\l+", r"\dn", r"\df accounts")
    done = subprocess.run(
        [program, "-X", "-v", "ON_ERROR_STOP=1", made.session_dsn("engineering_abroad", 2)]
        + [word for command in asked for word in ("-c", command)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'View "door_engineering_abroad.accounts"' in done.stdout
    assert "List of databases" in done.stdout


def test_a_session_role_is_free_only_when_its_server_process_is_gone(made: Enclave) -> None:
    with made.session("support_europe", 2), pytest.raises(psycopg.OperationalError):
        psycopg.connect(made.session_dsn("support_europe", 2))
