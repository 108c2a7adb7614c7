"""Pseudonyms made ready online: while others write, killed anywhere, rotated, asked back."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from doubles.demo_doors import NOW, TODAY, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from doubles.memory_recorder import MemoryRecorder
from doubles.servers import without_autovacuum
from klover import door
from klover.catalog import TableName
from klover.door import Doors, Phase, naming, rotate
from klover.door.suspend import suspend
from klover.errors import InputError, PolicyError, RecordError, StoreError
from klover.event import PseudonymRevealed
from klover.policy.resolved import Resolved
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

MORE = """
insert into public.accounts (id, handle) select g, 'h' || g from generate_series(100, 2099) g;
insert into public.statuses (id, account_id, body) select g, g, repeat('x', 200)
  from generate_series(100, 2099) g;
insert into public.chats select g, array[g, null, g + 1] from generate_series(100, 1999) g;
insert into public.visits select '2025-02-01', g from generate_series(100, 2099) g;
"""
STATUSES = TableName("public", "statuses")


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[Server]:
    """Run the server of this file where pages and places of rows are a test's alone."""
    with without_autovacuum(binaries) as running:
        yield running


@pytest.fixture
def world(database: Connection) -> Connection:
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    database.execute(MORE.encode())
    return database


def compiled(connection: Connection, text: str = POLICY) -> tuple[Resolved, Doors]:
    resolved = resolve(connection, text)
    epochs = door.read_epochs(connection)
    database = connection.info.dbname
    return resolved, door.compile_doors(resolved, database=database, sessions=1, epochs=epochs)


def is_whole(connection: Connection) -> None:
    """Nothing is left to do, nothing is wrong, and a value from the middle is right."""
    resolved, doors = compiled(connection)
    assert not door.preparation(connection, doors, small=0).steps
    assert not door.plan(connection, doors)
    assert not door.prove(connection, resolved, TODAY).violations
    key = key_of(connection, "abroad")
    query = "select count(*) = count(id) and count(*) = count(account_id) from statuses"
    assert seen(connection, "abroad", query) == [(True,)]
    name = naming.stored("abroad", STATUSES, "account_id", 1)
    row = connection.execute(f"select {name} from public.statuses where id = 1500".encode())
    assert row.fetchone() == (pseudonym(key, "accounts", "1500"),)


def test_what_is_prepared_leaves_little_to_apply(world: Connection) -> None:
    _, doors = compiled(world)
    planned = door.preparation(world, doors, small=0)
    assert STATUSES in planned.tables
    assert any("concurrently" in step.sql for step in planned.steps)
    done = door.prepare(world, doors, small=0, pages=4)
    assert set(done.tables) == planned.tables
    assert done.rows > 7900
    rest = door.plan(world, doors)
    assert not [step for step in rest if step.phase in {Phase.FILL, Phase.CHECK}]
    assert rest == door.plan(world, doors, planned.tables)
    open_doors(world, doors)
    is_whole(world)


def test_others_write_meanwhile(world: Connection, dsn: str) -> None:
    _, doors = compiled(world)
    seen_once = []
    with connect(dsn, what="the application") as busy:

        def advance(table: TableName, done: int, _: int) -> None:
            if table != STATUSES:
                return
            seen_once.append(done)
            busy.execute("insert into public.statuses values (%s, 1, 'new')", (9000 + done,))
            busy.execute("update public.statuses set body = 'b' where id in (2000, 2090)")
            busy.execute("update public.statuses set account_id = 2 where id = %s", (2090 - done,))
            busy.execute("delete from public.statuses where id = %s", (150 + done,))

        door.prepare(world, doors, small=0, pages=4, progress=advance)
    assert len(seen_once) > 5
    open_doors(world, doors)
    is_whole(world)


def test_the_applications_own_triggers_stay_still(world: Connection) -> None:
    world.execute(
        "create function public.touch() returns trigger language plpgsql as"
        " 'begin new.body := ''touched''; return new; end';"
        "create trigger touch before update on public.statuses for each row"
        " execute function public.touch()"
    )
    _, doors = compiled(world)
    door.prepare(world, doors, small=0)
    row = world.execute("select count(*) from public.statuses where body = 'touched'").fetchone()
    assert row == (0,)


@pytest.mark.parametrize("limit", ["statement_timeout", "transaction_timeout"])
def test_limits_of_time_that_the_database_sets_do_not_end_the_work(
    world: Connection, dsn: str, limit: str
) -> None:
    """They are for the application's statements; an index of a large table takes its time."""
    if limit == "transaction_timeout" and world.info.server_version < 170000:
        pytest.skip("came with 17")
    name = sql.Identifier(world.info.dbname)
    world.execute(sql.SQL("alter database {} set {} = '9s'").format(name, sql.Identifier(limit)))
    limits = f"select current_setting('{limit}')"
    told: list[object] = []
    with connect(dsn, what="the store") as owner:
        _, doors = compiled(owner)

        def look(*_: object) -> None:
            told.append((owner.execute(limits.encode()).fetchone() or ("",))[0])

        look()
        door.prepare(owner, doors, small=0, progress=look)
        look()
        door.apply(owner, doors, MemoryRecorder(), NOW, progress=look)
        look()
    assert told[0] == told[-1] == "9s"
    assert len(told) > 10
    assert [each for each in told if each != "0"] == ["9s", "9s", "9s"]


KILLED = """
import os, signal, sys
from doubles.demo_doors import resolve
from doubles.door_world import POLICY
from klover import door
from klover.store.connect import connect
at = int(sys.argv[2])
with connect(sys.argv[1], what="the store") as connection:
    resolved = resolve(connection, POLICY)
    doors = door.compile_doors(
        resolved, database=connection.info.dbname, sessions=1, epochs=door.read_epochs(connection)
    )
    count = 0
    def die(*_):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
    execute = connection.execute
    def counted(query, *rest, **more):
        if isinstance(query, bytes):
            die()
        return execute(query, *rest, **more)
    connection.execute = counted
    door.prepare(connection, doors, small=0, pages=16)
"""


@pytest.mark.parametrize("at", [2, 9, 17, 40, 61, 75, 110])
def test_a_preparation_that_was_killed_goes_on(world: Connection, dsn: str, at: int) -> None:
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, dsn, str(at)],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": f"{tests.parent / 'src'}:{tests}"},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    world.execute("select pg_advisory_lock(hashtext('klover doors'))")  # the other server is gone
    world.execute("select pg_advisory_unlock(hashtext('klover doors'))")
    world.execute("insert into public.statuses values (9999, 1, 'between')")
    _, doors = compiled(world)
    door.prepare(world, doors, small=0, pages=16)
    open_doors(world, doors)
    is_whole(world)


def test_a_lock_that_is_held_is_told(world: Connection, dsn: str) -> None:
    _, doors = compiled(world)
    with connect(dsn, what="another", autocommit=False) as other:
        other.execute("select pg_advisory_lock(hashtext('klover doors'))")
        with pytest.raises(StoreError, match="Somebody else is at work"):
            door.prepare(world, doors, small=0)


def rotated(world: Connection, audience: str = "abroad") -> Doors:
    """Do what the command does."""
    rotate.begin(world, audience)
    _, doors = compiled(world)
    door.prepare(world, doors, small=0)
    open_doors(world, doors)
    with world.transaction():
        rotate.switch(world, audience)
        _, doors = compiled(world)
        open_doors(world, doors)
    return doors


def test_new_pseudonyms_and_the_way_to_them(world: Connection) -> None:
    resolved, doors = compiled(world)
    open_doors(world, doors)
    old = {row[0] for row in seen(world, "abroad", "select id from accounts")}
    rotated(world)
    assert not door.prove(world, resolved, TODAY).violations
    new = {row[0] for row in seen(world, "abroad", "select id from accounts")}
    assert not new & old
    assert (pseudonym(key_of(world, "abroad", 2), "accounts", "1"),) in [(one,) for one in new]
    query = "select previous, current from accounts__previous_pseudonyms"
    ways = {row[0]: row[1] for row in seen(world, "abroad", query)}
    assert set(ways) == old
    assert set(ways.values()) == new
    with pytest.raises(InputError, match="not finished"):
        rotate.begin(world, "abroad")
    with world.transaction():
        rotate.finish(world, "abroad")
        open_doors(world, compiled(world)[1])
    assert not door.prove(world, resolved, TODAY).violations
    assert {row[0] for row in seen(world, "abroad", "select id from accounts")} == new
    left = world.execute(
        "select count(*) from pg_attribute where attname = %s",
        (naming.stored("abroad", TableName("public", "accounts"), "id", 1),),
    ).fetchone()
    assert left == (0,)
    with pytest.raises(InputError, match="no previous"):
        rotate.finish(world, "abroad")


def test_a_rotation_that_stopped_half_way_goes_on(world: Connection) -> None:
    open_doors(world, compiled(world)[1])
    before = set(seen(world, "abroad", "select id from accounts"))  # rows may move meanwhile
    rotate.begin(world, "abroad")
    resolved, doors = compiled(world)
    open_doors(world, doors)
    assert set(seen(world, "abroad", "select id from accounts")) == before
    assert not door.prove(world, resolved, TODAY).violations
    rotated(world)
    assert key_of(world, "abroad", 2)
    assert not set(seen(world, "abroad", "select id from accounts")) & before


def test_doors_compiled_before_a_rotation_are_refused(world: Connection) -> None:
    _, stale = compiled(world)
    open_doors(world, stale)
    rotated(world)
    with pytest.raises(StoreError, match="have changed since"):
        open_doors(world, stale)


def question(one: object, **changes: object) -> door.Question:
    asked = door.Question(
        audience="abroad",
        table=TableName("public", "accounts"),
        pseudonym=uuid.UUID(str(one)),
        principal="anna",
        reason="a complaint",
        reference="CASE-1",
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def test_whose_a_pseudonym_is(world: Connection) -> None:
    resolved, doors = compiled(world)
    open_doors(world, doors)
    old = pseudonym(key_of(world, "abroad"), "accounts", "2")
    doors = rotated(world)
    new = pseudonym(key_of(world, "abroad", 2), "accounts", "2")
    recorder = MemoryRecorder()
    for one, epoch in ((old, 1), (new, 2)):
        found = door.reveal(world, resolved, doors, question(one), recorder, NOW)
        assert found == door.Revealed(key=(("id", "2"),), epoch=epoch)
    assert door.reveal(world, resolved, doors, question(uuid.uuid4()), recorder, NOW) is None
    first, second, third = recorder.durable_events
    assert isinstance(first, PseudonymRevealed)
    assert isinstance(third, PseudonymRevealed)
    assert (first.principal, first.reason, first.reference) == ("anna", "a complaint", "CASE-1")
    assert (first.found, third.found) == (True, False)
    told = f"{first} {second} {third}"
    assert str(old) not in told
    assert str(new) not in told
    assert "olav" not in told


def test_a_team_is_told_by_all_of_its_key(world: Connection) -> None:
    resolved, doors = compiled(world)
    open_doors(world, doors)
    one = pseudonym(key_of(world, "abroad"), "teams", "north", "1")
    asked = question(one, table=TableName("public", "teams"))
    found = door.reveal(world, resolved, doors, asked, MemoryRecorder(), NOW)
    assert found == door.Revealed(key=(("region", "north"), ("number", "1.0")), epoch=1)


def test_nothing_is_revealed_that_is_not_on_record(world: Connection) -> None:
    resolved, doors = compiled(world)
    open_doors(world, doors)
    one = pseudonym(key_of(world, "abroad"), "accounts", "2")
    with pytest.raises(RecordError):
        door.reveal(world, resolved, doors, question(one), MemoryRecorder(fail_flush_at=0), NOW)


def test_a_pseudonym_of_another_audience_tells_nothing(world: Connection) -> None:
    resolved, doors = compiled(world)
    open_doors(world, doors)
    one = pseudonym(key_of(world, "research"), "accounts", "2")
    assert door.reveal(world, resolved, doors, question(one), MemoryRecorder(), NOW) is None
    asked = question(one, audience="nobody")
    with pytest.raises(InputError, match="is shown no pseudonyms"):
        door.reveal(world, resolved, doors, asked, MemoryRecorder(), NOW)


def test_keys_stand_in_no_statement(world: Connection) -> None:
    _, doors = compiled(world)
    steps = door.plan(world, doors)
    open_doors(world, doors)
    key = key_of(world, "abroad")
    assert not [step for step in steps if key.hex() in step.sql]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        seen(world, "abroad", "select ipad from klover_pseudonym.key")


def touched(world: Connection) -> bool:
    row = world.execute("select exists (select from pg_attribute where attname like 'klover_p_%')")
    return row.fetchone() != (False,)


def test_what_apply_would_refuse_is_refused_before_any_work(world: Connection) -> None:
    wrong = POLICY.replace("public_rows: true", "public_rows: handle", 1)
    with pytest.raises(PolicyError, match="boolean"):
        door.prepare(world, compiled(world, wrong)[1], small=0)
    assert not touched(world)


def test_nothing_is_prepared_or_rotated_while_a_door_is_suspended(world: Connection) -> None:
    _, doors = compiled(world)
    open_doors(world, doors)
    suspend(world, ["research"], MemoryRecorder(), NOW)
    with pytest.raises(InputError, match="suspended"):
        rotate.begin(world, "abroad")
    assert door.read_epochs(world)["abroad"] == door.Epochs()
