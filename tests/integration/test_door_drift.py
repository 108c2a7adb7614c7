"""Drift on a real server: told before it breaks a door, with the views it breaks and the mend."""

import psycopg
import pytest

from doubles.catalog_dump import catalog_lines
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import POLICY, make_tables, tiny_doors
from klover import door
from klover.door.drift import Drift, find_drift
from klover.door.rehearse import Limits, Rehearsed, rehearse
from klover.errors import InputError, StoreError
from klover.store.connect import Connection, connect


@pytest.fixture
def opened(database: Connection) -> Connection:
    make_tables(database)
    open_doors(database, tiny_doors(database))
    return database


def drift(connection: Connection, policy: str = POLICY) -> tuple[Drift, ...]:
    return find_drift(
        connection,
        lambda: compiled(connection, resolve(connection, policy), 1),
        lambda: door.prove(connection, resolve(connection, policy), TODAY),
    )


def told(connection: Connection, policy: str = POLICY) -> list[str]:
    return [f"{each.subject} {each.what}" for each in drift(connection, policy)]


def test_there_is_none_after_an_apply_and_none_is_told_before_one(
    opened: Connection, database: Connection
) -> None:
    assert not drift(opened)
    door.drop(database, MemoryRecorder(), "2026-11-24T00:00:00.000000+00:00")
    with pytest.raises(InputError, match="No doors were applied"):
        drift(database)


def test_a_column_added_behind_our_back_is_invisible_through_every_door_at_once(
    opened: Connection,
) -> None:
    opened.execute("alter table public.posts add column secret text default 'x'")
    for audience in ("abroad", "home"):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            opened.execute(f"select secret from door_{audience}.posts".encode())
        opened.execute(f"set role klover_owner_{audience}".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            opened.execute("select secret from public.posts")
        opened.execute("reset role")
    first = drift(opened)[0]
    assert (first.subject, first.what) == ("posts.secret", "came (text)")
    assert "restricted until" in first.breaks


def test_a_renamed_column_is_told_with_the_views_that_read_it(opened: Connection) -> None:
    opened.execute("alter table public.posts rename column body to words")
    first, *rest = drift(opened)
    assert (first.subject, first.what) == ("posts.body", "is now words")
    assert first.views == ("door_abroad.posts", "door_home.posts")
    assert any(each.subject == "the policy" and "body" in each.what for each in rest)
    opened.execute("select body from door_abroad.posts")  # nothing is broken yet


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("alter table public.people add column age int", "people.age came (integer)"),
        ("alter table public.people alter column birth type varchar(20)", None),
        ("alter table public.people rename to persons", "people is now persons"),
        ("create table public.fresh (n int)", "fresh came"),
        (
            """create table public.visits_2027 partition of public.visits
               for values from ('2027-01-01') to ('2028-01-01')""",
            "visits_2027 came as a partition of public.visits",
        ),
        (
            "alter table public.posts alter column author drop not null",
            "posts.author may be NULL now",
        ),
        (
            "alter table public.posts drop constraint posts_author_fkey",
            "posts its foreign key posts_author_fkey is gone",
        ),
        (
            """alter table public.posts add constraint posts_score_fkey foreign key (score)
               references public.people not valid""",
            "posts its foreign key posts_score_fkey came",
        ),
        ("drop table public.visits_2026", "visits_2026 is gone"),
        ("drop table public.visits cascade", "visits is gone"),
        ("alter table public.posts drop column score cascade", "posts.score is gone"),
    ],
)
def test_each_change_of_the_ground_is_told(
    opened: Connection, change: str, expected: str | None
) -> None:
    try:
        opened.execute(change.encode())
    except psycopg.errors.FeatureNotSupported:
        assert expected is None  # Postgres itself holds it back while a view reads it
        return
    if expected is not None:
        assert expected in told(opened)


@pytest.mark.parametrize(
    ("change", "mentioned"),
    [
        ("grant select on public.people to klover_door_abroad", "klover_door_abroad"),
        ("alter role klover_s_abroad_01 connection limit 9", "klover_s_abroad_01"),
        (
            "alter view door_abroad.posts set (security_barrier = false)",
            "door_abroad",
        ),
        ("drop view door_abroad.posts", "door_abroad"),
        ("alter role klover_s_home_01 set work_mem = '1GB'", "klover_s_home_01"),
        ("grant klover_door_home to klover_s_abroad_01", "klover_door_home"),
        ("grant execute on function pg_notify(text, text) to public", "pg_notify"),
    ],
)
def test_what_was_changed_by_hand_is_named(opened: Connection, change: str, mentioned: str) -> None:
    opened.execute(change.encode())
    found = told(opened)
    assert any(mentioned in line for line in found)
    opened.execute("revoke klover_door_home from klover_s_abroad_01")
    open_doors(opened, tiny_doors(opened))
    assert not drift(opened)


def test_a_policy_that_waits_to_be_applied_is_told_as_that(opened: Connection) -> None:
    changed = POLICY.replace("    public_rows: seen\n", "    public_rows: score > 4\n")
    assert told(opened, changed) == ["the policy is not the one of version 1"]


# Rehearsals ---------------------------------------------------------------------------------------


def _fits(connection: Connection) -> None:
    tiny_doors(connection)


def rehearsed(connection: Connection, text: str, limits: Limits | None = None) -> Rehearsed:
    return rehearse(
        connection,
        text,
        lambda: _fits(connection),
        limits=limits,
    )


def test_a_rehearsal_tells_what_a_migration_would_do_and_changes_nothing(
    opened: Connection,
) -> None:
    before = catalog_lines(opened)
    done = rehearsed(
        opened,
        "set lock_timeout = 0; alter table posts add column caption text;"
        " alter table posts rename column body to words; update posts set caption = 'x';",
    )
    assert not done.suspend
    lines = [f"{each.subject} {each.what}" for each in done.drift]
    assert lines[:2] == ["posts.body is now words", "posts.caption came (text)"]
    assert done.drift[0].views == ("door_abroad.posts", "door_home.posts")
    assert lines[2].startswith("the policy would not fit any more")
    assert catalog_lines(opened) == before
    assert not drift(opened)


def test_a_rehearsal_tells_that_doors_have_to_be_suspended(opened: Connection) -> None:
    before = catalog_lines(opened)
    done = rehearsed(opened, "alter table posts alter column score type bigint")
    assert done.suspend
    assert [f"{each.subject} {each.what}" for each in done.drift] == [
        "posts.score was integer, is bigint"
    ]
    assert catalog_lines(opened) == before
    assert not drift(opened)


@pytest.mark.parametrize(
    "text",
    [
        "begin; drop table posts",
        "drop table posts; commit",
        "drop table posts; end; select 1",
        "start transaction",
        "abort",
        "prepare transaction 'x'",
        "do $$ begin commit; end $$",
        "copy posts to program 'touch /tmp/klover-was-here'",
        "select pg_terminate_backend(1)",
        "call something()",
        "create index concurrently on posts (score)",
        "alter system set fsync = off",
        "create database other",
        "alter role klover_door_abroad superuser",
        "create extension plpgsql",
        "vacuum posts",
        "\\connect other",
        "alter /* ; */ system set fsync = off",
        '"alter" table posts add x int',
    ],
)
def test_what_a_rollback_might_not_undo_is_refused(opened: Connection, text: str) -> None:
    with pytest.raises(InputError):
        rehearsed(opened, text)
    assert not drift(opened)


def test_triggers_of_the_application_do_not_fire_in_a_rehearsal(opened: Connection) -> None:
    opened.execute(
        "create function public.shout() returns trigger language plpgsql as"
        " $$ begin raise exception 'fired'; end $$;"
        " create trigger shout before update on public.people for each row"
        " execute function public.shout()"
    )
    assert rehearsed(opened, "update people set name = 'x'").statements == 1


def test_a_migration_that_fails_is_told_without_a_value(opened: Connection) -> None:
    with pytest.raises(InputError, match="Statement 2 of the migration fails") as caught:
        rehearsed(
            opened, "comment on table posts is 'x'; update people set id = ('a' || name)::int"
        )
    assert "Kari" not in str(caught.value)


@pytest.mark.parametrize("seconds", [0.1, 0.001])
def test_a_rehearsal_does_not_wait_for_the_application(
    opened: Connection, dsn: str, seconds: float
) -> None:
    with connect(dsn, what="the application", autocommit=False) as busy:
        busy.execute("lock table public.posts in share mode")
        with pytest.raises(StoreError, match="waits for a lock"):
            rehearsed(opened, "alter table posts add column x int", Limits(lock=seconds))
        busy.rollback()


def test_a_rehearsal_that_takes_too_long_is_cut_short(opened: Connection) -> None:
    opened.execute("insert into public.people select n from generate_series(3, 20000) n")
    slow = "update people set name = (select max(a.id + b.id) from people a, people b)"
    with pytest.raises(StoreError, match="too long"):
        rehearsed(opened, slow, Limits(statement=0.1))
    with pytest.raises(StoreError, match="too long"):
        rehearsed(opened, "comment on table posts is 'x'", Limits(whole=-1))
