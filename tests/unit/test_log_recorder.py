"""The recorder's contract, kept by the real one and by its twin in memory alike."""

from pathlib import Path

import pytest

from doubles.log_bench import Bench, finding
from doubles.memory_recorder import MemoryRecorder
from klover.errors import RecordError
from klover.event import Recorder


@pytest.fixture(params=["spool", "memory"])
def recorder(request: pytest.FixtureRequest, tmp_path: Path) -> Recorder:
    return Bench(folder=tmp_path).writer() if request.param == "spool" else MemoryRecorder()


def test_positions_count_from_zero_and_a_flush_covers_them(recorder: Recorder) -> None:
    assert recorder.flush() == 0
    assert [recorder.append(finding(n)) for n in range(3)] == [0, 1, 2]
    assert recorder.flush() == 3
    assert recorder.append(finding(3)) == 3
    assert recorder.flush() == 4


def test_the_twin_refuses_for_good_once_told_to() -> None:
    twin = MemoryRecorder(fail_flush_at=1)
    twin.append(finding(0))
    assert twin.flush() == 1
    with pytest.raises(RecordError):
        twin.flush()
    with pytest.raises(RecordError):
        twin.append(finding(1))
    assert len(twin.durable_events) == 1
