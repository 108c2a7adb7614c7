"""A disk that is full: one sentence, refusal from then on, and nothing lost that was durable.

The limit on file size stands in for the disk: writes come short and then fail, as they do there.
"""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doubles.log_bench import Bench, finding
from klover.errors import RecordError


@contextmanager
def file_size_limit(most: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_writer_whose_disk_is_full_refuses_and_its_spool_stays_whole(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    writer = bench.writer()
    for number in range(3):
        writer.append(finding(number))
    assert writer.flush() == 3
    size = (bench.spool / "gateway/records").stat().st_size
    for number in range(3, 9):
        writer.append(finding(number))
    with file_size_limit(size + 100), pytest.raises(RecordError, match="cannot be kept"):
        writer.flush()
    assert (bench.spool / "gateway/records").stat().st_size == size
    with pytest.raises(RecordError, match="no longer"):
        writer.append(finding(9))
    with pytest.raises(RecordError, match="no longer"):
        writer.flush()
    writer.close()
    with bench.writer() as again:
        assert again.append(finding(3)) == 3
    bench.integrate()
    assert bench.verify().kinds["finding"] == 4


def test_a_sequencer_whose_disk_is_full_publishes_nothing_and_goes_on_later(
    tmp_path: Path,
) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(3)
    bench.integrate()
    before = bench.verify()
    bench.write(200)
    with file_size_limit(4096), pytest.raises(RecordError, match="cannot be written"):
        bench.integrate()
    assert bench.verify() == before
    assert bench.integrate() == 204
    assert bench.verify().ok
