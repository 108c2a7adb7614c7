"""Doors dropped: no trace is left, and PUBLIC has what it had."""

import pytest

from doubles.catalog_dump import catalog_lines
from doubles.demo_doors import NOW, compiled, load_application, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import LATER, make_tables, shut, tiny_doors
from klover import door
from klover.errors import StoreError
from klover.event import DoorsDropped
from klover.store.connect import Connection


@pytest.fixture
def tiny(database: Connection) -> Connection:
    make_tables(database)
    return database


@pytest.fixture
def clean(database: Connection) -> Connection:
    """Take away what other tests' doors left in the cluster: its roles, and PUBLIC's rights."""
    door.drop(database, MemoryRecorder(), NOW)
    database.execute("grant connect on database postgres, template1 to public")
    return database


def test_a_drop_leaves_no_trace(clean: Connection) -> None:
    database = clean
    load_application(database)
    database.execute("create role test_door_app; grant usage on schema public to test_door_app")
    database.execute("grant select (id), insert on public.accounts to public")
    before = catalog_lines(database)
    try:
        open_doors(database, compiled(database, resolve(database)))
        assert catalog_lines(database) != before
        recorder = MemoryRecorder()
        dropped = door.drop(database, recorder, LATER)
        assert catalog_lines(database) == before
        (event,) = recorder.durable_events
        assert isinstance(event, DoorsDropped)
        assert event.statements == len(dropped.steps)
        assert "the role klover_session: pg_hba.conf names it" in dropped.kept
        again = door.drop(database, MemoryRecorder(), LATER)
        assert not again.steps
    finally:
        database.execute("drop owned by test_door_app; drop role test_door_app")


def test_a_drop_while_suspended_leaves_no_trace_either(clean: Connection) -> None:
    tiny = clean
    make_tables(tiny)
    before = catalog_lines(tiny)
    open_doors(tiny, tiny_doors(tiny))
    shut(tiny)
    door.drop(tiny, MemoryRecorder(), LATER)
    assert catalog_lines(tiny) == before


def test_what_somebody_changed_by_hand_is_not_undone(tiny: Connection) -> None:
    tiny.execute("create function public.nothing() returns int language sql return 1")
    open_doors(tiny, tiny_doors(tiny))
    tiny.execute("revoke usage on language plpgsql from klover_application")
    tiny.execute("drop function public.nothing()")
    tiny.execute("create table klover.migration_state (n int)")
    steps = [step.sql for step in door.drop(tiny, MemoryRecorder(), LATER).steps]
    assert not [text for text in steps if "nothing" in text]
    assert "grant USAGE  on language plpgsql to public" in steps
    there = tiny.execute("select to_regclass('klover.migration_state') is not null").fetchone()
    assert there == (True,)


def test_a_table_in_a_door_is_not_dropped(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    tiny.execute("create table door_home.somebodys (n int)")
    before = catalog_lines(tiny)
    with pytest.raises(StoreError, match="hold doors only"):
        door.drop(tiny, MemoryRecorder(), LATER)
    with pytest.raises(StoreError, match="hold doors only"):
        shut(tiny)
    assert catalog_lines(tiny) == before
