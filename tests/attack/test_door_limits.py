"""What Postgres leaves open at a door, shown so that nobody believes otherwise.

Whoever closes one of these deletes its test. What a session could do if it reached the server
without the gateway is in ``OPEN``, and the gateway's own judgement is asked of each: it refuses
all of them. The rest holds no value of user data.
"""

from collections.abc import Iterator

import pytest

from doubles.attack import LIFT, SLUG
from doubles.enclave import RESTRICTED, Enclave, enclave, everything_told, leaked, log_in
from klover.errors import KloverError
from klover.gateway.allowance import refuse
from klover.gateway.startup import read as read_startup
from klover.store.connect import Connection
from klover.store.embedded import Server
from klover.wire.startup import VERSION_3_0, StartupMessage
from klover.wire.statement import split


@pytest.fixture(scope="module")
def closed(server: Server, standby: Server) -> Iterator[Enclave]:
    with enclave(server, standby, "klover_test_limits") as made:
        with made.owner() as owner:
            owner.execute(
                "insert into public.videos"
                " (id, account_id, visibility, title, duration_s, storage_key)"
                " select 1000 + n, 4711, (case n % 2 when 0 then 'private' else 'public' end)"
                "::public.visibility,"
                " case n % 2 when 0 then 'often-private' else 'rest-' || n end, 5, 'k' || n"
                " from generate_series(1, 2000) n"
            )
            owner.execute("analyze public.videos")
        made.catch_up()
        made.admit_on_primary()
        yield made


def test_estimates_of_a_plan_tell_of_rows_that_are_not_shown(closed: Enclave) -> None:
    with closed.session("support_europe") as session:
        assert session.execute("select from videos where title like 'often%'").rowcount == 0
        there, not_there = (
            _estimate(session, title) for title in ("often-private", "never-so-called")
        )
    assert there > 10 * not_there
    assert next(d for d in closed.doors.doors if d.audience == "support-europe").conceals_rows


def test_names_and_sizes_of_what_is_absent_can_be_seen(closed: Enclave) -> None:
    with closed.session("engineering_abroad") as session:
        told, _ = everything_told(
            session,
            (
                "select attname from pg_attribute where attrelid = 'public.accounts'::regclass",
                "select relname, reltuples from pg_class where relname = 'messages'",
                "select pg_relation_size('public.messages')",
                "select rolname from pg_roles",
                "select pg_get_viewdef('comments'::regclass)",
                "select prosrc from pg_proc where proname = 'touch_updated_at'",
                "select pg_relation_filepath('public.messages')",
                "select name, setting from pg_settings where name = 'archive_command'",
                "select pg_current_snapshot()",
                "select setconfig from pg_db_role_setting",
            ),
        )
    assert "password_hash" in told
    assert "visibility = 'public'" in told
    assert "updated_at := now()" in told
    assert not leaked(told, RESTRICTED)


OPEN = {
    # On either server
    "count rows removed": (True, "explain analyze select * from videos where duration_s = 5"),
    "estimates in the plan's tree": (True, "set debug_print_plan = on"),
    "notices that print plans": (True, "set client_min_messages = log"),
    "no limit on time, by a function": (True, "set max_parallel_workers_per_gather = 64"),
    "much memory": (True, "set work_mem = '1GB'"),
    "much memory for hashes": (True, "set hash_mem_multiplier = 1000"),
    "a careless planner": (True, "set geqo = off"),
    "names mean something else": (True, "set search_path = public, pg_catalog"),
    "strings read another way": (True, "set standard_conforming_strings = off"),
    "an encoding read another way": (True, "set client_encoding = 'SJIS'"),
    # On a primary only
    "write if something may be written": (False, "set transaction_read_only = off"),
    "hear what the application notifies": (False, "listen application"),
    "notify the application": (False, "notify application, 'x'"),
    "a password of its own": (False, f"alter role klover_s_{SLUG}_01 password 'x'"),
    "settings of its own for good": (False, f"alter role klover_s_{SLUG}_01 set work_mem = '1MB'"),
    "give away what it was given": (False, "drop owned by current_user"),
    "defaults of its own": (False, "alter default privileges grant usage on types to public"),
    "ask for a vacuum that is skipped": (False, "vacuum public.accounts"),
    "ask for statistics that are skipped": (False, "analyze public.accounts"),
    "ask for a cluster that is skipped": (False, "cluster"),
}  # fmt: skip
"""Whether a standby lets it through, too, and the statement."""


@pytest.mark.parametrize("name", sorted(OPEN))
def test_what_only_the_gateway_keeps_from_a_session(closed: Enclave, name: str) -> None:
    anywhere, statement = OPEN[name]
    with closed.primary_session(SLUG) as session:
        session.execute(LIFT)
        session.execute("begin" if not statement.startswith(("vacuum", "cluster")) else "select 1")
        told, sqlstate = everything_told(session, (statement,))
        if session.info.transaction_status:
            session.execute("rollback")
    assert not sqlstate, told
    assert not leaked(told, RESTRICTED)
    with closed.session(SLUG) as session:
        told, on_standby = everything_told(session, (statement,))
    assert bool(on_standby) is not anywhere, told
    assert not leaked(told, RESTRICTED)
    (asked,) = split(statement)
    assert refuse(asked, conceals_rows=True)


def test_an_analysed_plan_counts_rows_that_are_not_shown(closed: Enclave) -> None:
    with closed.session(SLUG) as session:
        told, _ = everything_told(session, ("explain analyze select * from videos",))
    assert "Rows Removed by Filter: 1002" in told


def test_a_listener_on_a_primary_hears_what_the_application_says(closed: Enclave) -> None:
    """No privilege keeps anybody from LISTEN: a payload is told to whoever is there."""
    with closed.primary_session(SLUG) as session, closed.owner() as owner:
        session.execute("listen application")
        owner.execute("notify application, 'a payload'")
        heard = next(session.notifies(timeout=60))
    assert heard.payload == "a payload"
    assert refuse(split("listen application")[0], conceals_rows=False)


def test_a_connection_may_start_without_indexes_of_catalogs(closed: Enclave) -> None:
    with log_in(closed.session_dsn(SLUG), "-P") as session:
        assert session.execute("select count(*) from accounts").fetchone() == (3,)
    message = StartupMessage(version=VERSION_3_0, parameters={"user": "a", "options": "-P"})
    with pytest.raises(KloverError):
        read_startup(message)


def test_a_statement_may_take_much_memory(closed: Enclave) -> None:
    """Postgres bounds a value (1 GB), not a session: the host has to (cgroups, overcommit)."""
    with closed.session(SLUG) as session:
        session.execute("set work_mem = '64kB'")
        told, sqlstate = everything_told(session, ("select length(repeat('x', 50000000))",))
    assert (told, sqlstate) == ("[(50000000,)]", "")


def test_a_session_may_lift_its_limit_of_time_but_not_that_of_the_disk(closed: Enclave) -> None:
    with closed.session(SLUG) as session:
        assert not everything_told(session, ("set statement_timeout = 0",))[1]
        assert everything_told(session, ("set temp_file_limit = -1",))[1] == "42501"


def _estimate(session: Connection, title: str) -> int:
    row = session.execute(
        f"explain (format json) select * from videos where title = '{title}'".encode()
    ).fetchone()
    assert row is not None
    return int(row[0][0]["Plan"]["Plan Rows"])
