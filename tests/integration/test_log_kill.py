"""Writer and sequencer, killed with SIGKILL before every step of theirs, and started again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.log_bench import LOG_KEY, ORIGIN, WITNESS_KEY, Bench, finding, writer_key
from klover.errors import RecordError
from klover.log import Log, SpoolWriter
from klover.log.durable import lock
from klover.log.files import list_entries

TESTS = Path(__file__).parents[1]


def test_killed_at_every_step_nothing_acknowledged_is_lost_and_the_log_goes_on(
    tmp_path: Path,
) -> None:
    ended = subprocess.run(
        [sys.executable, str(TESTS / "doubles" / "killed_log.py"), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    killed = int(ended.stdout)
    assert killed > 40
    for step in range(killed + 1):
        bench = Bench(folder=tmp_path / str(step))
        said = bench.folder / "acknowledged"
        acknowledged = int(said.read_text()) if said.exists() else 0
        with bench.writer() as writer:
            goes_on = writer.append(finding(99))
        assert goes_on >= acknowledged, step
        bench.integrate()
        found = bench.verify()
        assert found.ok, (step, found.problems)
        sequence = [e.leaf.seq for e in list_entries(bench.log) if e.leaf.writer == "gateway"]
        assert sequence == list(range(goes_on + 1)), step
        assert [one.witness for one in found.cosigned_by] == [WITNESS_KEY.name]


def test_an_erasure_that_was_killed_is_finished_by_the_next_start(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(5)
    bench.integrate()

    class Stopped(Exception):  # noqa: N818 - it stands for a crash
        pass

    def stop(step: str) -> None:
        if step == "erase 3":
            raise Stopped

    with pytest.raises(Stopped):
        bench.erase(3, failpoint=stop)
    assert b'"detail":"2"' in (bench.log / "payload/000").read_bytes()
    bench.integrate()
    assert b'"detail":"2"' not in (bench.log / "payload/000").read_bytes()
    assert b'"detail":"2"' not in (bench.spool / "gateway/records").read_bytes()
    found = bench.verify()
    assert (found.ok, found.erased, found.absent) == (True, 1, 0)


def test_a_second_writer_and_a_second_sequencer_are_refused(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    with bench.writer(), pytest.raises(RecordError, match="Another process"):
        bench.writer()
    log = Log.open(bench.log, ORIGIN, LOG_KEY)
    with pytest.raises(RecordError, match="Another process"):
        Log.open(bench.log, ORIGIN, LOG_KEY)
    log.close()
    Log.open(bench.log, ORIGIN, LOG_KEY).close()
    os.close(lock(tmp_path / "lock", "a lock that is free"))


def test_a_running_writer_and_a_sequencer_work_beside_each_other(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    writer = SpoolWriter.open(bench.spool, "gateway", writer_key("gateway"), head_seconds=0)
    log = Log.open(bench.log, ORIGIN, LOG_KEY)
    sizes = []
    for number in range(8):
        writer.append(finding(number))
        writer.flush()
        sizes.append(log.integrate([bench.witness()]).size)
    assert sizes == list(range(2, 10))
    writer.close()
    log.close()
    assert bench.verify().ok


def test_the_log_verifies_at_every_moment_while_it_grows_and_is_erased_from(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(250)
    bench.integrate()
    bench.write(12)
    bench.write(3, "migration")
    seen: list[int] = []

    def look(step: str) -> None:
        found = bench.verify()
        assert found.ok, (step, found.problems)
        seen.append(found.size)

    bench.integrate(failpoint=look)
    bench.erase(9, failpoint=look)
    assert seen == sorted(seen)
    assert set(seen) == {251, 267, 268}
    assert bench.verify().ok
