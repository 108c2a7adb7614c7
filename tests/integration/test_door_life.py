"""Doors on a real server: suspended, and resumed around a migration of the application."""

from datetime import date

import psycopg
import pytest

from doubles.catalog_dump import catalog_lines, notes
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import LATER, POLICY, make_tables, shut, tiny_doors, views
from klover import door
from klover.door import Applied, ledger
from klover.errors import InputError, PolicyError, RecordError, StoreError
from klover.event import DoorsSuspended
from klover.policy.plate import Plate
from klover.store.connect import Connection


@pytest.fixture
def tiny(database: Connection) -> Connection:
    make_tables(database)
    return database


def reopen(
    connection: Connection, *audiences: str, policy: str = POLICY, today: date = TODAY
) -> Applied:
    resolved = resolve(connection, policy)
    return door.resume(
        connection,
        compiled(connection, resolved, 1),
        audiences,
        MemoryRecorder(),
        LATER,
        prove=lambda: door.prove(connection, resolved, today),
    )


def test_a_suspension_takes_away_views_usages_and_hooks_and_is_told(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    recorder = MemoryRecorder()
    done = door.suspend(tiny, [], recorder, LATER)
    assert done.closed == ("door_abroad", "door_home")
    assert not views(tiny)
    hooks = tiny.execute("select count(*) from pg_trigger where not tgisinternal").fetchone()
    assert hooks == (0,)
    tiny.execute("set role klover_door_abroad")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        tiny.execute("select * from door_abroad.people")
    tiny.execute("reset role")
    (event,) = recorder.durable_events
    assert isinstance(event, DoorsSuspended)
    assert event.doors == done.closed
    assert event.statements == len(done.steps)
    told = tiny.execute("select obj_description('door_abroad'::regnamespace)").fetchone()
    assert told is not None
    assert Plate.read(told[0]) == Plate(version=1, suspended="2026-11-24T01:00:00Z")


def test_while_one_door_is_suspended_the_other_stays_open(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    shut(tiny, "abroad")
    assert {name.partition(".")[0] for name in views(tiny)} == {"door_home"}
    hooks = tiny.execute("select count(*) from pg_trigger where not tgisinternal").fetchone()
    assert hooks != (0,)
    reopen(tiny, "abroad")
    assert {name.partition(".")[0] for name in views(tiny)} == {"door_abroad", "door_home"}


def test_what_is_suspended_resumes_one_by_one(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    before = catalog_lines(tiny)
    shut(tiny)
    reopen(tiny, "home")
    assert {name.partition(".")[0] for name in views(tiny)} == {"door_home"}
    assert dict(ledger.suspensions(tiny)) == {"door_abroad": "2026-11-24T01:00:00Z"}
    tiny.execute("set role klover_door_abroad")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        tiny.execute("select * from door_abroad.people")
    tiny.execute("reset role")
    assert reopen(tiny).version == 3
    assert not ledger.suspensions(tiny)
    comments = [line for line in before if not line.startswith("comment|door")]
    assert [line for line in catalog_lines(tiny) if not line.startswith("comment|door")] == comments


def test_apply_is_refused_while_a_door_is_suspended_and_suspending_twice_does_nothing(
    tiny: Connection,
) -> None:
    doors = tiny_doors(tiny)
    open_doors(tiny, doors)
    shut(tiny, "abroad")
    with pytest.raises(InputError, match=r"door_abroad is suspended since 2026-11-24T01:00:00Z"):
        open_doors(tiny, doors)
    assert not shut(tiny, "abroad").steps
    assert dict(ledger.suspensions(tiny)) == {"door_abroad": "2026-11-24T01:00:00Z"}


def test_nothing_is_prepared_on_tables_while_a_door_is_suspended(tiny: Connection) -> None:
    doors = tiny_doors(tiny)
    open_doors(tiny, doors)
    shut(tiny)
    closed = catalog_lines(tiny)
    with pytest.raises(InputError, match="is suspended since"):
        door.prepare(tiny, doors, small=-1)
    assert catalog_lines(tiny) == closed
    reopen(tiny)
    door.prepare(tiny, doors, small=-1)


def test_what_does_not_stand_is_not_suspended_and_what_is_open_not_resumed(
    tiny: Connection,
) -> None:
    with pytest.raises(InputError, match="No door stands"):
        shut(tiny)
    open_doors(tiny, tiny_doors(tiny))
    with pytest.raises(InputError, match="no door door_nobody"):
        shut(tiny, "nobody")
    with pytest.raises(InputError, match="No door is suspended"):
        reopen(tiny)
    shut(tiny, "home")
    with pytest.raises(InputError, match="door_abroad is not suspended"):
        reopen(tiny, "abroad")


@pytest.mark.parametrize(
    ("migration", "changed"),
    [
        ("alter table public.posts alter column score type bigint", POLICY),
        ("alter table public.posts alter column body type varchar(500)", POLICY),
        (
            "alter table public.posts drop column score",
            POLICY.replace('      score: {class: public, identifies: "no"}\n', ""),
        ),
        (
            "alter table public.posts rename column body to words",
            POLICY.replace("      body:", "      words:"),
        ),
        ("alter table public.people alter column id type bigint", POLICY),
        (
            "alter table public.visits rename to stays",
            POLICY.replace("  visits:", "  stays:"),
        ),
        (
            "drop table public.visits",
            POLICY[: POLICY.index("  visits:")] + POLICY[POLICY.index("audiences:") :],
        ),
    ],
)
def test_a_migration_that_doors_hinder_goes_through_between_suspend_and_resume(
    tiny: Connection, migration: str, changed: str
) -> None:
    open_doors(tiny, tiny_doors(tiny))
    shut(tiny)
    tiny.execute(migration.encode())
    tiny.execute("insert into public.people (id, name, country) values (3, 'Ola', 'NO')")
    assert reopen(tiny, policy=changed).steps
    tiny.execute("set role klover_door_abroad")
    row = tiny.execute(
        "select count(*), count(id), count(distinct id::text) from door_abroad.people"
    ).fetchone()
    assert row == (3, 3, 3)  # who came in between has a pseudonym


@pytest.mark.parametrize(
    "migration",
    [
        "alter table public.posts alter column score type bigint",
        "alter table public.posts drop column score",
    ],
)
def test_the_same_migrations_fail_while_doors_are_open(tiny: Connection, migration: str) -> None:
    open_doors(tiny, tiny_doors(tiny))
    with pytest.raises(
        (psycopg.errors.DependentObjectsStillExist, psycopg.errors.FeatureNotSupported)
    ):
        tiny.execute(migration.encode())


def test_what_was_written_while_no_trigger_stood_has_its_pseudonym_after_the_resume(
    tiny: Connection,
) -> None:
    open_doors(tiny, tiny_doors(tiny))
    joined = (
        "select p.name, count(*) from door_abroad.posts b join door_abroad.people p"
        " on p.id = b.author group by 1 order by 1"
    )
    tiny.execute("update public.posts set seen = true")
    assert tiny.execute(joined.encode()).fetchall() == [("Jane", 1), ("Kari", 1)]
    shut(tiny)
    tiny.execute("update public.posts set author = 1")  # its stored pseudonym is Jane's now
    tiny.execute("insert into public.people (id, name, country) values (3, 'Ola', 'NO')")
    tiny.execute("insert into public.posts (id, author) values (12, 3)")
    reopen(tiny)
    assert tiny.execute(joined.encode()).fetchall() == [("Kari", 2), ("Ola", 1)]


def test_resume_is_refused_where_the_policy_no_longer_fits_and_names_the_column(
    tiny: Connection,
) -> None:
    open_doors(tiny, tiny_doors(tiny))
    shut(tiny)
    tiny.execute("alter table public.posts drop column score")
    with pytest.raises(PolicyError, match="score"):
        reopen(tiny)
    assert ledger.suspensions(tiny)


def test_resume_proves_before_it_opens(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    shut(tiny)
    tiny.execute("alter role klover_s_abroad_01 password 'known'")
    tiny.execute("create table public.loot (n int)")
    tiny.execute("create role klover_test_thief in role klover_s_abroad_01")
    closed = catalog_lines(tiny)
    try:
        with pytest.raises((StoreError, PolicyError)):
            reopen(tiny)
        assert catalog_lines(tiny) == closed
    finally:
        tiny.execute("drop role klover_test_thief")


def test_without_a_record_nothing_is_suspended_or_resumed(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    opened = [*catalog_lines(tiny), *notes(tiny)]
    with pytest.raises(RecordError):
        door.suspend(tiny, [], MemoryRecorder(fail_flush_at=0), LATER)
    assert [*catalog_lines(tiny), *notes(tiny)] == opened


def test_the_proof_holds_while_every_door_is_suspended_and_not_while_one_lacks_triggers(
    tiny: Connection,
) -> None:
    open_doors(tiny, tiny_doors(tiny))
    resolved = resolve(tiny, POLICY)
    shut(tiny)
    assert door.prove(tiny, resolved, TODAY).holds
    tiny.execute("delete from klover.door_suspension where schema = 'door_home'")
    assert not door.prove(tiny, resolved, TODAY).holds
