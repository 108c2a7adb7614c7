"""An application's own objects that are called as Klover's are: told, and never touched."""

import pytest

from doubles.catalog_dump import catalog_lines
from doubles.demo_doors import NOW, TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA
from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.errors import PolicyError, StoreError
from klover.policy.check import check_resolved, errors
from klover.store.connect import Connection

FOREIGN = {
    "a schema with a view": (
        "create schema door_events; create view door_events.opened as select 1 as at",
        "The schema door_events is not Klover's",
    ),
    "an empty schema": ("create schema door_knobs", "The schema door_knobs is not Klover's"),
    "a schema with a comment": (
        "create schema door_bells; comment on schema door_bells is 'all bells'",
        "The schema door_bells is not Klover's",
    ),
    "a column": (
        "alter table public.chats add klover_p_points int default 3",
        r"The column public\.chats\.klover_p_points is not Klover's",
    ),
    "a column of Klover's shape that holds something else": (
        "alter table public.chats add klover_p_a_b_0123456789ab text",
        r"The column public\.chats\.klover_p_a_b_0123456789ab is not Klover's",
    ),
    "a table in a schema of Klover's": (
        "create schema if not exists klover; create table klover.notes (n int)",
        r"The table klover\.notes is not Klover's, but its schema is",
    ),
    "a constraint": (
        "alter table public.chats add constraint klover_p_positive check (id > 0)",
        r"The constraint klover_p_positive on public\.chats is not Klover's",
    ),
}


@pytest.mark.parametrize(("statements", "told"), FOREIGN.values(), ids=FOREIGN.keys())
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_what_is_somebody_elses_stays(
    database: Connection, statements: str, told: str, *, late: bool
) -> None:
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    if late:
        open_doors(database, compiled(database, resolve(database, POLICY), 1))
    database.execute(statements.encode())
    before = catalog_lines(database)
    policy = POLICY
    if "klover.notes" in statements:  # a table like any other, so that it is not passed over
        policy = POLICY.replace("tables:\n", "tables:\n  klover.notes: {shared: true}\n", 1)
    doors = compiled(database, resolve(database, policy), 1)
    for attempt in (
        lambda: open_doors(database, doors),
        lambda: door.plan(database, doors),
        lambda: door.prepare(database, doors, small=0),
    ):
        with pytest.raises(StoreError, match=told):
            attempt()
    assert catalog_lines(database) == before


def test_the_schema_of_a_door_to_come_is_not_taken_over(database: Connection) -> None:
    database.execute(SCHEMA.encode())
    database.execute("create schema door_abroad; create view door_abroad.accounts as select 1 as i")
    with pytest.raises(StoreError, match="The schema door_abroad is not Klover's"):
        open_doors(database, compiled(database, resolve(database, POLICY), 1))


@pytest.mark.parametrize("what", ["table", "sequence"])
def test_what_holds_rows_in_a_doors_own_schema_stays(database: Connection, what: str) -> None:
    """The schema is a door's, so its name tells nothing of it: each relation is looked at."""
    database.execute(SCHEMA.encode())
    doors = compiled(database, resolve(database, POLICY), 1)
    open_doors(database, doors)
    columns = "(n int)" if what == "table" else ""
    database.execute(f"create {what} door_abroad.loot {columns}".encode())
    before = catalog_lines(database)
    policy = POLICY
    if what == "table":  # it is in the catalog like any other
        told = r"door_abroad\.loot"
        with pytest.raises(PolicyError, match=told):
            resolve(database, POLICY)
        policy = POLICY.replace("tables:\n", "tables:\n  door_abroad.loot: {shared: true}\n", 1)
    again = compiled(database, resolve(database, policy), 1)
    for attempt in (lambda: open_doors(database, again), lambda: door.plan(database, doors)):
        with pytest.raises(StoreError, match=r"door_abroad\.loot is a table or sequence in a"):
            attempt()
    assert catalog_lines(database) == before


def test_a_drop_leaves_it(database: Connection) -> None:
    database.execute(SCHEMA.encode())
    open_doors(database, compiled(database, resolve(database, POLICY), 1))
    database.execute(
        "create schema door_events; create view door_events.opened as select 1 as at;"
        "alter table public.chats add klover_p_points int,"
        " add constraint klover_p_positive check (id > 0)"
    )
    door.suspend(database, [], MemoryRecorder(), NOW)
    door.drop(database, MemoryRecorder(), NOW)
    assert database.execute("select at from door_events.opened").fetchone() == (1,)
    left = (
        "select count(klover_p_points), (select count(*) from pg_constraint"
        " where conname = 'klover_p_positive') from public.chats"
    )
    assert database.execute(left.encode()).fetchone() == (0, 1)


def test_a_resume_takes_no_column_away_that_is_not_klovers(database: Connection) -> None:
    """Before, whatever began like a stored column and was compiled for nobody was dropped."""
    database.execute(SCHEMA.encode())
    open_doors(database, compiled(database, resolve(database, POLICY), 1))
    door.suspend(database, [], MemoryRecorder(), NOW)
    database.execute("alter table public.chats add klover_p_points int default 3")
    resolved = resolve(database, POLICY)
    with pytest.raises(StoreError, match=r"klover_p_points is not Klover's"):
        door.resume(
            database,
            compiled(database, resolved, 1),
            [],
            MemoryRecorder(),
            NOW,
            prove=lambda: door.prove(database, resolved, TODAY),
        )
    there = "select count(*) from pg_attribute where attname = 'klover_p_points'"
    assert database.execute(there.encode()).fetchone() == (1,)


def test_the_check_of_a_policy_tells_names_that_doors_would_refuse(database: Connection) -> None:
    database.execute(SCHEMA.encode())
    database.execute(
        "alter table public.chats add klover_p_points int;"
        "create schema door_events; create table door_events.bells (n int)"
    )
    policy = POLICY.replace("tables:\n", "tables:\n  door_events.bells: {shared: true}\n", 1)
    found = [each.message for each in errors(check_resolved(resolve(database, policy), TODAY))]
    schema, column = found
    assert schema.startswith(
        "door_events.bells: its schema door_events has a name that is Klover's"
    )
    assert column.startswith("chats: its column klover_p_points begins like Klover's own columns")
