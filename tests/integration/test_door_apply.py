"""Doors applied to a real database: made whole, left alone when right, mended when they drift."""

import psycopg
import pytest

from doubles.demo_doors import NOW, compiled, load_application, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.door import Phase
from klover.door.turn import Patience
from klover.errors import PolicyError, RecordError, StoreError
from klover.event import DoorsApplied
from klover.store.connect import Connection, connect

TINY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {{table: people, key: id, home: country, inside: [EEA]}}
tables:
  people:
    public_rows: {rows}
    columns:
      id: {{class: public, identifies: directly}}
      name: {{class: public, identifies: directly}}
      country: {{class: public, identifies: indirectly}}
      key: {{class: public, identifies: "no"}}
audiences:
  abroad:
    who: {{groups: [abroad], located: any}}
    sees: [interoperable, public]
"""


@pytest.fixture
def application(database: Connection) -> Connection:
    load_application(database)
    return database


@pytest.fixture
def tiny(database: Connection) -> Connection:
    database.execute(
        'create table public.people (id int primary key, name text, country text, "key" int)'
    )
    database.execute("insert into public.people values (1, 'Kari', 'NO', 7), (2, 'Jane', 'US', 8)")
    return database


def test_a_second_apply_does_nothing(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    assert open_doors(application, doors).steps
    assert not open_doors(application, doors).steps
    assert not door.plan(application, doors)


def test_plan_changes_nothing_and_is_what_apply_does(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    planned = door.plan(application, doors)
    assert planned == door.plan(application, doors)
    assert open_doors(application, doors).steps == planned
    phases = [step.phase for step in planned]
    assert phases == sorted(phases)
    assert phases[0] is Phase.REVOKE


def test_what_was_done_is_on_record_before_it_counts(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    recorder = MemoryRecorder()
    applied = door.apply(application, doors, recorder, NOW)
    (event,) = recorder.durable_events
    assert isinstance(event, DoorsApplied)
    assert event.digest == applied.digest == doors.digest
    assert event.statements == len(applied.steps)
    assert event.doors == tuple(each.audience for each in doors.doors)


def test_without_a_record_the_doors_stay_as_they_were(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    with pytest.raises(RecordError):
        door.apply(application, doors, MemoryRecorder(fail_flush_at=0), NOW)
    there = application.execute("select count(*) from pg_namespace where nspname like 'door%'")
    assert there.fetchone() == (0,)


def test_a_lock_held_by_others_is_told_and_changes_nothing(
    application: Connection, dsn: str
) -> None:
    doors = compiled(application, resolve(application))
    with connect(dsn, what="the application", autocommit=False) as busy:
        busy.execute("lock table public.accounts in access exclusive mode")
        with pytest.raises(StoreError, match="holds a lock"):
            door.apply(
                application,
                doors,
                MemoryRecorder(),
                NOW,
                patience=Patience(lock=0.1, attempts=2, pause=0.1),
            )
        busy.rollback()
    assert open_doors(application, doors).steps


def test_only_a_superuser_applies(application: Connection, dsn: str) -> None:
    doors = compiled(application, resolve(application))
    with connect(dsn, what="the test database") as other:
        other.execute("create role klover_test_plain")
        try:
            other.execute("set session authorization klover_test_plain")
            with pytest.raises(StoreError, match="no superuser"):
                open_doors(other, doors)
        finally:
            other.execute("reset session authorization")
            other.execute("drop role klover_test_plain")


def test_doors_for_another_database_are_refused(application: Connection) -> None:
    doors = door.compile_doors(resolve(application), database="elsewhere", sessions=1)
    with pytest.raises(StoreError, match="elsewhere"):
        open_doors(application, doors)


def test_a_new_column_is_absent_until_it_is_classified(application: Connection) -> None:
    open_doors(application, compiled(application, resolve(application)))
    application.execute("alter table public.videos add column fingerprint text default 'x'")
    mended = open_doors(application, compiled(application, resolve(application))).steps
    assert all("trust_and_safety" in step.sql for step in mended)  # it sees what is restricted
    with pytest.raises(psycopg.errors.UndefinedColumn):
        application.execute("select fingerprint from door_support_europe.videos")


def test_a_renamed_column_is_drift(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    open_doors(application, doors)
    application.execute("alter table public.hashtags rename column tag to word")
    mended = open_doors(application, compiled(application, resolve(application))).steps
    assert any("word" in step.sql and step.phase is Phase.VIEW for step in mended)


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ("country = 'NO'", 1),
        ("people.country = 'NO' or people.\"key\" > 7", 2),
        ("key is not null and (country in ('NO', ')', '--'))", 1),
        ("nullif(country, 'US') = 'NO'", 1),
        ("true", 2),
    ],
)
def test_a_condition_sees_its_own_table_only(tiny: Connection, rows: str, shown: int) -> None:
    text = TINY.format(rows="true" if rows == "true" else f'"{rows.replace(chr(34), "")}"')
    open_doors(tiny, compiled(tiny, resolve(tiny, text), 1))
    tiny.execute("set role klover_door_abroad")
    row = tiny.execute("select count(id), max(key) from door_abroad.people").fetchone()
    assert row is not None
    assert row[0] == shown


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("count(id) > 1", "aggregate"),
        ("country", "boolean"),
        ("nowhere = 1", "nowhere"),
        ("country = ", "syntax error"),
        ("id = any(key)", "array"),
    ],
)
def test_a_condition_that_postgres_does_not_take_is_told_with_its_line(
    tiny: Connection, rows: str, why: str
) -> None:
    doors = compiled(tiny, resolve(tiny, TINY.format(rows=f'"{rows}"')), 1)
    with pytest.raises(PolicyError, match=why) as caught:
        door.plan(tiny, doors)
    assert caught.value.line > 0
    assert caught.value.file == "klover.yaml"
