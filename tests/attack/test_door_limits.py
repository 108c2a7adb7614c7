"""What Postgres leaves open at a door, shown so that nobody believes otherwise.

Whoever closes one of these deletes its test. The gateway closes the first: it is why EXPLAIN is
not for doors that leave rows out. The others hold no value of user data.
"""

from collections.abc import Iterator

import pytest

from doubles.enclave import RESTRICTED, Enclave, enclave, everything_told
from klover.store.connect import Connection
from klover.store.embedded import Server


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
            ),
        )
    assert "password_hash" in told
    assert "visibility = 'public'" in told
    assert not [secret for secret in RESTRICTED if secret in told]


def _estimate(session: Connection, title: str) -> int:
    row = session.execute(
        f"explain (format json) select * from videos where title = '{title}'".encode()
    ).fetchone()
    assert row is not None
    return int(row[0][0]["Plan"]["Plan Rows"])
