"""Filling the disk, the memory or the processor from a door's session, and what ends it.

The limits are those that every session starts with, made small for the test: what spills to disk
ends at ``temp_file_limit``, which a session cannot lift; what takes long ends at
``statement_timeout``. That a session could lift the second is in ``test_door_limits``.
"""

# ruff: noqa: E501 - an attack is read as one statement

from collections.abc import Iterator

import psycopg
import pytest

from doubles.attack import SLUG
from doubles.enclave import Enclave, everything_told
from klover.store.connect import Connection

FULL = "53400"
CANCELLED = "57014"
TOO_MUCH = frozenset({"54000", "53200", "54001", "22023", "08P01", "54011", "54023"})
LIMITS = {"temp_file_limit": "'1MB'", "statement_timeout": "'200ms'", "work_mem": "'64kB'"}
ROLE = f"klover_s_{SLUG}_02"


@pytest.fixture(scope="module")
def narrow(closed: Enclave) -> Enclave:
    """Narrow the limits of one session role, which keeps the settings it has besides."""
    with closed.owner() as owner:
        for name, setting in LIMITS.items():
            owner.execute(
                f"alter role {ROLE} in database {closed.database} set {name} = {setting}".encode()
            )
    closed.catch_up()
    return closed


@pytest.fixture(params=["standby", "primary"])
def session(narrow: Enclave, request: pytest.FixtureRequest) -> Iterator[Connection]:
    login = narrow.session if request.param == "standby" else narrow.primary_session
    with login(SLUG, 2) as opened:
        yield opened


ROWS = "generate_series(1, 400000) n"
SPILLS = {
    "a sort": f"select n from {ROWS} order by md5(n::text)",
    "a sort for a window": f"select row_number() over (order by md5(n::text)) from {ROWS}",
    "distinct values": f"select count(distinct md5(n::text)) from {ROWS}",
    "a hash join": f"select count(*) from {ROWS} join generate_series(1, 400000) m on md5(n::text) = md5(m::text)",
    "a merge of sets": f"select md5(n::text) from {ROWS} except select md5(m::text) from generate_series(1, 400000) m",
    "a CTE kept whole": f"with a as materialized (select md5(n::text) from {ROWS}) select count(*) from a x, a y",
    "a recursive CTE": "with recursive a (n) as (select 1 union all select n + 1 from a) select count(*) from a",
    "a recursive CTE of distinct rows": "with recursive a (n) as (select repeat('x', 1000) || 1 union select repeat('x', 1000) || length(n) || random() from a) select count(*) from a",
    "a cursor that outlives": f"declare c cursor with hold for select md5(n::text) from {ROWS}",
    "an ordered aggregate": f"select percentile_disc(0.5) within group (order by md5(n::text)) from {ROWS}",
    "a function's rows": "select count(*) from generate_series(1, 100000000)",
}


def goes_on(session: Connection) -> bool:
    """Tell that the session works on; on a busy host its short limit may end this, too."""
    for _ in range(100):
        try:
            return session.execute("select 1").fetchone() == (1,)
        except psycopg.errors.QueryCanceled:
            continue
    return False


def unhurried(session: Connection) -> None:
    """Lift the limit of time, which a session can."""
    for _ in range(100):
        try:
            session.execute("set statement_timeout = 0")
        except psycopg.errors.QueryCanceled:
            continue
        return
    pytest.fail("no statement is short enough")


@pytest.mark.parametrize("flood", sorted(SPILLS))
def test_a_flood_of_temporary_files_ends(session: Connection, flood: str) -> None:
    _, sqlstate = everything_told(session, (SPILLS[flood],))
    assert sqlstate in {FULL, CANCELLED}
    assert goes_on(session)


def test_some_floods_end_at_the_files_limit_itself(session: Connection) -> None:
    unhurried(session)  # so the disk has a limit of its own
    assert everything_told(session, (SPILLS["a sort"],))[1] == FULL
    for lift in (
        "set temp_file_limit = -1",
        "set temp_file_limit = '1TB'",
        "reset temp_file_limit",
    ):
        assert everything_told(session, (lift,))[1] == "42501"


MANY = "generate_series(1, 5000) a, generate_series(1, 5000) b"
LONG = {
    "a sleep": "select pg_sleep(100)",
    "a sleep until": "select pg_sleep_until(now() + interval '1 hour')",
    "a product of everything": f"select count(*) from {MANY}, {MANY.replace(' a', ' c').replace(' b', ' d')}",
    "a regular expression": f"select count(*) from {MANY} where repeat((a * b)::text, 50) ~ '([0-8]+[0-8])+9([0-9]+7)*x'",
    "LIKE": f"select count(*) from {MANY} where repeat((a * b)::text, 50) like repeat('%' || b, 40)",
    "a large number": f"select sum((a + 9::numeric) ^ 2000 / b) from {MANY}",
    "a factorial": "select factorial(n) from generate_series(20000, 30000) n",
    "digests": f"select count(sha512(repeat(a::text, 1000)::bytea)) from {MANY}",
    "a deep document": f"select count(jsonb_path_query_array(to_jsonb(array[a, b]), 'strict $.**')) from {MANY}",
    "a JSON path's pattern": f"select count(*) from {MANY} where jsonb_path_exists(to_jsonb(repeat((a * b)::text, 50)), '$ ? (@ like_regex \"([0-8]+[0-8])+9x\")')",
    "text search": f"select count(*) from {MANY} where to_tsvector('english', repeat('word' || a * b || ' ', 50)) @@ 'x'",
    "dates": f"select count(to_char(now() + a * interval '1 day', 'FMDay TMMonth')) from {MANY}",
}


@pytest.mark.parametrize("flood", sorted(LONG))
def test_a_flood_of_work_ends(session: Connection, flood: str) -> None:
    _, sqlstate = everything_told(session, (LONG[flood],))
    assert sqlstate in {CANCELLED, FULL, *TOO_MUCH}
    assert goes_on(session)


HUGE = {
    "a value of more than a gigabyte": "select length(repeat('x', 2000000000))",
    "a value padded to more than that": "select length(lpad('x', 2000000000))",
    "an array of more than that": "select array_fill(1, array[1000000000])",
    "an array of six dimensions": "select array_fill(1, array[50000, 50000])",
    "a deep expression": "select " + "(" * 20_000 + "1" + ")" * 20_000,
    "deep JSON": "select ('" + "[" * 100_000 + "')::json",
    "a deep array": "select " + "array[" * 20_000 + "1" + "]" * 20_000,
    "too many columns": "select " + ",".join(["1"] * 1_700),
    "a join too wide to plan": "select 1 from "
    + ",".join(f"accounts a{n}" for n in range(40))
    + " where 1 / 0 = 1",
}


@pytest.mark.parametrize("flood", sorted(HUGE))
def test_a_flood_of_memory_is_refused_or_ends(session: Connection, flood: str) -> None:
    told, sqlstate = everything_told(session, (HUGE[flood],))
    assert sqlstate, told[:200]
    assert goes_on(session)


def test_the_server_goes_on_for_others(narrow: Enclave) -> None:
    with narrow.session(SLUG, 2) as attacker, narrow.session(SLUG, 1) as other:
        for flood in (SPILLS["a sort"], LONG["a product of everything"], HUGE["deep JSON"]):
            everything_told(attacker, (flood,))
            assert other.execute("select count(*) from accounts").fetchone() == (3,)
