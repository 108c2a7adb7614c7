"""Touching other sessions, later ones, other databases and the way in, from a door's session.

Each on the standby and on a hardened primary. Whatever a session leaves behind must not meet the
next one that is leased the same role.
"""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from conftest import VERSION
from doubles.attack import LIFT, SLUG
from doubles.enclave import Enclave, everything_told, log_in
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

DENIED = "42501"
Login = Callable[[str, int], Connection]
MARK = "the neighbour's own words"


@pytest.fixture(params=["standby", "primary"])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def login(closed: Enclave, where: str) -> Login:
    return closed.session if where == "standby" else closed.primary_session


@pytest.fixture
def two(login: Login, where: str) -> Iterator[tuple[Connection, Connection]]:
    """Tell an attacker and a neighbour of the same door, the attacker's writes not held back."""
    with login(SLUG, 1) as attacker, login(SLUG, 2) as neighbour:
        if where == "primary":
            attacker.execute(LIFT)
        neighbour.execute(f"select '{MARK.replace(chr(39), chr(39) * 2)}'".encode())
        yield attacker, neighbour


ON_PID = (
    "select pg_cancel_backend({pid})",
    "select pg_terminate_backend({pid}, 0)",
    "select pg_log_backend_memory_contexts({pid})",
    "select pg_stat_get_backend_activity({pid})",
    "select * from pg_stat_get_activity({pid})",
    "select query from pg_stat_activity where pid = {pid}",
    "select * from pg_locks where pid = {pid}",
    "select pg_blocking_pids({pid})",
    "select pg_safe_snapshot_blocking_pids({pid})",
)


@pytest.mark.parametrize("statement", ON_PID)
def test_a_neighbours_process_is_out_of_reach(
    closed: Enclave, two: tuple[Connection, Connection], statement: str
) -> None:
    attacker, neighbour = two
    asked = statement.replace("{pid}", str(neighbour.info.backend_pid))
    told, sqlstate = everything_told(attacker, (asked,))
    assert sqlstate == DENIED
    assert MARK not in told
    assert neighbour.execute("select 1").fetchone() == (1,)
    with closed.owner() as owner:  # the same statement works for whoever may
        harmless = asked.replace(str(neighbour.info.backend_pid), "0").replace("(0, 0)", "(0, 1)")
        told, sqlstate = everything_told(owner, (harmless,))
    assert not sqlstate


SETTINGS_OF_ONES_OWN = """
select string_agg(name || '=' || setting, ',' order by name) from pg_settings
 where source in ('session', 'user', 'database', 'database user', 'client')
   and name not in ('application_name', 'transaction_read_only')
"""
LEFT = (
    "set work_mem = '64kB'",
    "set role none",
    "set client_min_messages = error",
    "set search_path = public",
    "set statement_timeout = 0",
    "prepare p as select 1",
    "begin",
    "begin isolation level repeatable read",
    "declare c cursor with hold for select * from accounts",
)


@pytest.mark.parametrize("statement", LEFT)
def test_nothing_is_left_for_the_next_session_of_the_role(login: Login, statement: str) -> None:
    asked = (
        SETTINGS_OF_ONES_OWN,
        "select count(*) from pg_prepared_statements",
        "select count(*) from pg_cursors where name = 'c'",
    )
    with login(SLUG, 1) as first:
        before = [first.execute(each.encode()).fetchall() for each in asked]
        first.execute(statement.encode())
        changed = everything_told(first, asked)[0] != str(before)
    with login(SLUG, 1) as second:
        after = [second.execute(each.encode()).fetchall() for each in asked]
    assert changed
    assert after == before


ADVISORY = (
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock(1)",
    "select pg_advisory_xact_lock(1)",
    "select pg_try_advisory_lock_shared(1)",
    "select pg_advisory_lock(hashtext('klover doors'))",
    "select pg_advisory_unlock_all()",
)


@pytest.mark.parametrize("statement", ADVISORY)
def test_no_advisory_lock_is_held_or_seen(
    closed: Enclave, two: tuple[Connection, Connection], statement: str
) -> None:
    assert everything_told(two[0], (statement,))[1] == DENIED
    with closed.owner() as owner:
        assert not everything_told(owner, (statement,))[1]


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_no_other_database_lets_a_session_in(closed: Enclave, where: str, database: str) -> None:
    server = closed.standby if where == "standby" else closed.primary
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        log_in(server.dsn(database, f"klover_s_{SLUG}_01"))
    connect(server.dsn(database), what="the same, as the owner").close()


AT_START = (
    ("-c role=klover", "permission denied to set role"),
    ("-c session_authorization=klover", "permission denied to set session authorization"),
    ("-c session_preload_libraries=x", "permission denied to set parameter"),
    ("-c log_statement=all", "permission denied to set parameter"),
    ("-c log_min_messages=debug5", "permission denied to set parameter"),
    ("-c temp_file_limit=-1", "permission denied to set parameter"),
    ("-c session_replication_role=replica", "permission denied to set parameter"),
    ("-c local_preload_libraries=../../../tmp/x", "access to library"),
    ("-c allow_system_table_mods=on", "permission denied to set parameter"),
)


@pytest.mark.parametrize(("options", "refused"), AT_START)
def test_a_connection_cannot_start_with_more(
    closed: Enclave, where: str, options: str, refused: str
) -> None:
    dsn = closed.session_dsn if where == "standby" else closed.primary_dsn
    with pytest.raises(psycopg.OperationalError, match=refused):
        log_in(dsn(SLUG, 2), options)
    as_owner = closed.standby if where == "standby" else closed.primary
    assert "libraries" in options or _starts(as_owner, closed, options)


def _starts(server: Server, closed: Enclave, options: str) -> bool:
    """Tell whether the owner's connection starts with them: they are no mere misspelling."""
    with psycopg.connect(server.dsn(closed.database), options=options) as owner:
        return owner.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize("mode", ["replication=true", "replication=database"])
def test_a_session_cannot_replicate(closed: Enclave, login: Login, where: str, mode: str) -> None:
    login(SLUG, 1).close()  # its role is free a moment later only
    server = closed.standby if where == "standby" else closed.primary
    dsn = server.dsn(closed.database, f"klover_s_{SLUG}_01")
    with pytest.raises(psycopg.OperationalError, match=r"replication|pg_hba|WAL sender"):
        log_in(f"{dsn} {mode}")


@pytest.mark.parametrize(
    "role", [f"klover_door_{SLUG}", f"klover_owner_{SLUG}", "klover_session", "klover_application"]
)
def test_only_session_roles_log_in(closed: Enclave, where: str, role: str) -> None:
    server = closed.standby if where == "standby" else closed.primary
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba|not permitted to log in|Peer"):
        psycopg.connect(server.dsn(closed.database, role))


def test_a_role_serves_one_session_at_a_time(closed: Enclave, login: Login, where: str) -> None:
    server = closed.standby if where == "standby" else closed.primary
    dsn = server.dsn(closed.database, f"klover_s_{SLUG}_01")
    with login(SLUG, 1), pytest.raises(psycopg.OperationalError, match="too many connections"):
        psycopg.connect(dsn)


def test_what_a_session_does_is_not_in_the_servers_log(
    closed: Enclave, login: Login, where: str
) -> None:
    """Errors hold values; the log is no place for them, and a session cannot make it talk."""
    mark = "marked-by-an-attack"
    with login(SLUG, 1) as session:
        for statement in (f"select '{mark}'::integer", f'select 1 / 0 as "{mark}"'):
            assert everything_told(session, (statement,))[1]
    server = closed.standby if where == "standby" else closed.primary
    assert mark not in (server.data / "server.log").read_text(errors="replace")
    with connect(server.dsn(closed.database), what="the owner") as owner:
        everything_told(owner, (f"select '{mark}-by-the-owner'::integer",))
    log = (server.data / "server.log").read_text(errors="replace")
    assert f"{mark}-by-the-owner" in log
    assert VERSION >= 15
