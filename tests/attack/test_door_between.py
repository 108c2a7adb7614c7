"""Attacks that need two: two sessions of a door, two doors, two databases, two servers."""

from collections.abc import Iterator
from importlib.resources import files

import psycopg
import pytest

from doubles.demo_doors import compiled, open_doors, resolve
from doubles.enclave import RESTRICTED, Enclave, enclave, everything_told, leaked, log_in
from klover.door import naming
from klover.store.connect import connect
from klover.store.embedded import Server

SLUG = "engineering_abroad"
SECOND = """
  research-abroad:
    who: {groups: [research], located: any}
    sees: [interoperable, public]
    identifiers: pseudonymised

"""


@pytest.fixture(scope="module")
def closed(server: Server, standby: Server) -> Iterator[Enclave]:
    with enclave(server, standby, "klover_test_between") as made:
        yield made


def test_the_primary_lets_no_session_in(closed: Enclave) -> None:
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        psycopg.connect(closed.primary.dsn(closed.database, f"klover_s_{SLUG}_01"))


def test_a_session_role_is_used_by_one_at_a_time(closed: Enclave) -> None:
    with (
        closed.session(SLUG),
        pytest.raises(psycopg.OperationalError, match="too many connections"),
    ):
        psycopg.connect(closed.session_dsn(SLUG))


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_a_session_has_no_other_database(closed: Enclave, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        log_in(closed.standby.dsn(database, f"klover_s_{SLUG}_01"))


@pytest.mark.parametrize(
    "role", [f"klover_door_{SLUG}", f"klover_owner_{SLUG}", "klover_session", "klover_application"]
)
def test_only_session_roles_log_in(closed: Enclave, role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba|not permitted to log in|Peer"):
        psycopg.connect(closed.standby.dsn(closed.database, role))


def test_sessions_of_one_door_neither_see_nor_stop_each_other(closed: Enclave) -> None:
    with closed.session(SLUG, 1) as one, closed.session(SLUG, 2) as other:
        other.execute("select 'the other session''s statement'")
        pid = other.info.backend_pid
        for statement in (
            f"select pg_cancel_backend({pid})",
            f"select pg_terminate_backend({pid}, 0)",
            f"select pg_stat_get_backend_activity({pid})",
            "select query from pg_stat_activity",
        ):
            told, sqlstate = everything_told(one, (statement,))
            assert sqlstate == "42501"
            assert "other session" not in told
        assert other.execute("select 1").fetchone() == (1,)


def test_a_session_cannot_become_its_neighbour(closed: Enclave) -> None:
    with closed.session(SLUG, 1) as one:
        for statement in (
            f"set role klover_s_{SLUG}_02",
            f"set session authorization klover_s_{SLUG}_02",
            "set role klover_door_support_europe",
        ):
            assert everything_told(one, (statement,))[1] == "42501"


def test_support_sees_public_names_and_nothing_restricted(closed: Enclave) -> None:
    with closed.session("support_europe") as session:
        told, _ = everything_told(
            session,
            tuple(
                f"select * from {view.name.name}"
                for door in closed.doors.doors
                if door.audience == "support-europe"
                for view in door.views
            ),
        )
    assert "kari_handle" in told
    assert "public-comment" in told
    assert not leaked(told, RESTRICTED)


def test_engineering_sees_everything_it_may_and_no_secret(closed: Enclave) -> None:
    views = next(d.views for d in closed.doors.doors if d.audience == "engineering-abroad")
    with closed.session(SLUG) as session:
        for view in views:
            told, sqlstate = everything_told(session, (f"select * from {view.name.name}",))
            assert not sqlstate
            assert not leaked(told)
        assert session.execute("select count(*) from videos").fetchone() == (1,)
        assert session.execute("select count(*) from comments").fetchone() == (1,)
        assert session.execute("select count(*) from likes").fetchone() == (1,)


def test_trust_and_safety_sees_the_restricted(closed: Enclave) -> None:
    with closed.session("trust_and_safety") as session:
        row = session.execute(
            "select a.email, m.body from accounts a join messages m on m.sender_id = a.id"
        ).fetchone()
    assert row == ("kari-mail@secret.example", "secret-message")


def test_joins_by_pseudonym_find_the_same_rows(closed: Enclave) -> None:
    with closed.session(SLUG) as session:
        row = session.execute(
            "select count(*) from videos v join accounts a on a.id = v.account_id"
            " join profiles p on p.account_id = a.id join likes l on l.video_id = v.id"
        ).fetchone()
    assert row == (1,)


def test_pseudonyms_of_two_audiences_cannot_be_joined(closed: Enclave) -> None:
    text = files("klover.demo").joinpath("klover.yaml").read_text()
    both = text.replace("# Where they are: the office networks", SECOND + "# Where they are", 1)
    with connect(closed.primary.dsn(closed.database), what="the test enclave") as owner:
        resolved = resolve(owner, both)
        open_doors(owner, compiled(owner, resolved))
    closed.catch_up()
    found = []
    for slug in (SLUG, "research_abroad"):
        with closed.session(slug) as session:
            found.append({row[0] for row in session.execute("select id from accounts")})
            denied = "select * from klover_pseudonym.key"
            assert everything_told(session, (denied,))[1] == "42501"
    assert len(found[0]) == len(found[1]) == 3
    assert not found[0] & found[1]
    with connect(closed.primary.dsn(closed.database), what="the test enclave") as owner:
        open_doors(owner, compiled(owner, closed.resolved))
        roles = owner.execute(
            "select count(*) from pg_roles where rolname like '%research_abroad%'"
        ).fetchone()
    assert roles == (0,)
    closed.catch_up()


def test_a_role_of_a_door_that_lost_its_grants_reads_nothing(closed: Enclave) -> None:
    owner_role = naming.owner_role("support-europe")
    with closed.owner() as owner, owner.transaction(force_rollback=True):
        owner.execute(f"revoke select (handle) on public.accounts from {owner_role}".encode())
        owner.execute("set local session authorization klover_s_support_europe_01")
        owner.execute("set local search_path = door_support_europe")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
            owner.execute("select id from accounts")
