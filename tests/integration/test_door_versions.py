"""Each change of doors: its version, its one transaction, its locks, and a failure at any step."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import klover
from doubles.catalog_dump import catalog_lines, notes
from doubles.demo_doors import NOW, open_doors
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import HURRY, LATER, POLICY, make_tables, shut, tiny_doors, views
from klover import door
from klover.door import Doors, ledger
from klover.door.turn import BusyError
from klover.errors import RecordError, StoreError
from klover.event import DoorsApplied
from klover.store.connect import Connection, connect


@pytest.fixture
def tiny(database: Connection) -> Connection:
    make_tables(database)
    return database


def test_each_change_has_a_version_and_no_change_has_none(tiny: Connection) -> None:
    doors = tiny_doors(tiny)
    recorder = MemoryRecorder()
    assert door.apply(tiny, doors, recorder, NOW).version == 1
    assert door.apply(tiny, doors, recorder, NOW).version == 1
    fewer = tiny_doors(
        tiny, POLICY.replace("      score: {class: public", "      score: {class: restricted")
    )
    assert door.apply(tiny, fewer, recorder, LATER).version == 2
    told = ledger.versions(tiny)
    assert [version.number for version in told] == [2, 1]
    assert told[0].doors == fewer.digest
    assert told[1].doors == doors.digest
    assert told[0].policy != told[1].policy
    assert told[0].applied == "2026-11-24T01:00:00Z"
    events = [event for event in recorder.events if isinstance(event, DoorsApplied)]
    assert [event.version for event in events] == [1, 1, 2]
    comment = tiny.execute("select obj_description('door_home'::regnamespace)").fetchone()
    assert comment == ("Klover's door, version 2.",)


def test_a_version_and_its_record_name_the_edition_of_the_country_data(tiny: Connection) -> None:
    own = (
        "klover-countries: 1\nmemberships:\n"
        "  - {group: partners, country: JP, since: 2020-01-01, source: a contract}\n"
    )
    pin = f"countries: {{file: own.yaml, sha256: {hashlib.sha256(own.encode()).hexdigest()}}}\n"
    recorder = MemoryRecorder()
    door.apply(tiny, tiny_doors(tiny, POLICY + pin, countries=own), recorder, NOW)
    edition = f"2026-11+sha256:{hashlib.sha256(own.encode()).hexdigest()}"
    assert [version.countries for version in ledger.versions(tiny)] == [edition]
    (event,) = [event for event in recorder.events if isinstance(event, DoorsApplied)]
    assert event.countries_edition == edition


def test_a_new_version_stands_under_the_same_names(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    before = views(tiny)
    changed = POLICY.replace("    public_rows: seen\n", "    public_rows: score > 4\n")
    assert open_doors(tiny, tiny_doors(tiny, changed)).version == 2
    assert views(tiny) == before


def fails_at(number: int) -> Callable[[int, int, door.Step], None]:
    def progress(at: int, _total: int, _step: door.Step) -> None:
        if at == number:
            raise StoreError(f"planted at {number}")

    return progress


def stops_everywhere(connection: Connection, doors: Doors) -> int:
    """Fail an apply before each step in turn; what stood has to stand, to the last right."""
    before = [*catalog_lines(connection), *notes(connection)]
    steps = len(door.plan(connection, doors))
    for number in range(1, steps + 1):
        with pytest.raises(StoreError, match="planted"):
            door.apply(connection, doors, MemoryRecorder(), NOW, progress=fails_at(number))
        assert [*catalog_lines(connection), *notes(connection)] == before, number
    with pytest.raises(RecordError):
        door.apply(connection, doors, MemoryRecorder(fail_flush_at=0), NOW)
    assert [*catalog_lines(connection), *notes(connection)] == before
    return steps


def test_a_failure_at_any_step_leaves_the_old_doors(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    changed = POLICY.replace("    public_rows: seen\n", "    public_rows: score > 4\n")
    changed = changed.replace("      name: {class: public", "      name: {class: restricted")
    assert stops_everywhere(tiny, tiny_doors(tiny, changed)) > 10


def test_a_failure_at_any_step_of_a_suspension_leaves_the_doors_open(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    before = [*catalog_lines(tiny), *notes(tiny)]
    totals: list[int] = []

    def count(_number: int, total: int, _step: door.Step) -> None:
        totals.append(total)
        raise StoreError("planted")

    with pytest.raises(StoreError, match="planted"):
        door.suspend(tiny, [], MemoryRecorder(), LATER, progress=count)
    for number in range(1, totals[0] + 1):
        with pytest.raises(StoreError, match="planted"):
            door.suspend(tiny, [], MemoryRecorder(), LATER, progress=fails_at(number))
        assert [*catalog_lines(tiny), *notes(tiny)] == before, number
    assert totals[0] > 10


DYING = """
import os, signal, sys
from doubles.demo_doors import NOW
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import HURRY, LATER, POLICY, make_tables, shut, tiny_doors, views
from klover import door
from klover.store.connect import connect

def die(at, total, step):
    if at == total * int(sys.argv[2]) // 4 + 1:
        os.kill(os.getpid(), signal.SIGKILL)

with connect(sys.argv[1], what="the test database") as connection:
    doors = tiny_doors(connection, POLICY.replace("public_rows: seen", "public_rows: score > 4"))
    door.apply(connection, doors, MemoryRecorder(), NOW, progress=die)
"""


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_a_process_killed_in_the_middle_leaves_the_old_doors(
    tiny: Connection, dsn: str, quarter: int
) -> None:
    open_doors(tiny, tiny_doors(tiny))
    before = [*catalog_lines(tiny), *notes(tiny)]
    paths = [str(Path(__file__).parents[1]), str(Path(klover.__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-c", DYING, dsn, str(quarter)],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        timeout=150,
    )
    assert done.returncode == -signal.SIGKILL
    tiny.execute("select pg_advisory_lock(hashtext('klover doors'))")  # the other server is gone
    tiny.execute("select pg_advisory_unlock(hashtext('klover doors'))")
    assert [*catalog_lines(tiny), *notes(tiny)] == before
    assert not open_doors(tiny, tiny_doors(tiny)).steps


def test_revokes_come_first(tiny: Connection) -> None:
    open_doors(tiny, tiny_doors(tiny))
    changed = POLICY.replace("      name: {class: public", "      name: {class: restricted")
    steps = door.plan(tiny, tiny_doors(tiny, changed))
    phases = [step.phase for step in steps]
    assert phases == sorted(phases)
    assert 'revoke SELECT ("name")' in steps[0].sql
    closed = shut(tiny).steps
    assert closed[0].sql.startswith("revoke all on schema")


def test_a_lock_of_the_application_is_waited_for_briefly_and_again(
    tiny: Connection, dsn: str
) -> None:
    doors = tiny_doors(tiny)
    tries: list[float] = []
    with connect(dsn, what="the application", autocommit=False) as busy:
        busy.execute("lock table public.people in access exclusive mode")

        def let_go(_total: int) -> None:
            busy.rollback()

        from klover.door.turn import in_turn, run

        def work() -> int:
            tries.append(0.0)
            if len(tries) == 2:
                let_go(0)
            steps = door.plan(tiny, doors)
            run(tiny, steps)
            return len(steps)

        assert in_turn(tiny, work, patience=HURRY)
    assert len(tries) == 2


def test_an_application_that_keeps_its_lock_is_told_of_within_seconds(
    tiny: Connection, dsn: str
) -> None:
    doors = tiny_doors(tiny)
    with connect(dsn, what="the application", autocommit=False) as busy:
        busy.execute("lock table public.people in access exclusive mode")
        with pytest.raises(BusyError, match="2 attempts"):
            door.apply(tiny, doors, MemoryRecorder(), NOW, patience=HURRY)
        busy.rollback()
    assert door.apply(tiny, doors, MemoryRecorder(), NOW, patience=HURRY).steps


def test_two_changes_of_the_doors_do_not_meet(tiny: Connection, dsn: str) -> None:
    with connect(dsn, what="another apply", autocommit=False) as other:
        other.execute("select pg_advisory_xact_lock(hashtext('klover doors'))")
        with pytest.raises(BusyError, match="another change of the doors"):
            door.apply(tiny, tiny_doors(tiny), MemoryRecorder(), NOW, patience=HURRY)


def test_a_change_of_doors_does_not_stop_the_application(tiny: Connection, dsn: str) -> None:
    """What a second apply, a suspension and a drop hold on the application's tables meanwhile."""
    open_doors(tiny, tiny_doors(tiny))
    changed = POLICY.replace("    public_rows: seen\n", "    public_rows: score > 4\n")
    held: set[tuple[str, str]] = set()
    with connect(dsn, what="the application") as watcher:

        def look(number: int, total: int, _step: door.Step) -> None:
            if number == total:
                held.update(
                    watcher.execute(
                        "select c.relname, l.mode from pg_locks l join pg_class c"
                        " on c.oid = l.relation where l.pid = %s and l.database ="
                        " (select oid from pg_database where datname = current_database())"
                        " and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
                        (tiny.info.backend_pid,),  # not what an autovacuum holds
                    ).fetchall()
                )
                watcher.execute("update public.posts set score = score + 1")

        door.apply(tiny, tiny_doors(tiny, changed), MemoryRecorder(), NOW, progress=look)
    assert held
    assert {mode for _, mode in held} == {"AccessShareLock"}
