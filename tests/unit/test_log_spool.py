"""The spool file: every cut and every flipped bit leaves a prefix of whole records."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from doubles.log_bench import Bench, finding, writer_key
from klover.errors import RecordError
from klover.log import SpoolWriter
from klover.log.keys import make_key
from klover.log.spool import (
    HEADER_BYTES,
    Position,
    decode_header,
    encode_header,
    encode_record,
    read_records,
)
from klover.tlog.leaf import commit, record_leaf


def spool(count: int) -> bytes:
    data, here = bytearray(), Position()
    for number in range(count):
        payload, salt = b"payload %d" % number, bytes([number]) * 32
        leaf = record_leaf("w", here.seq, here.prev, commit(salt, payload))
        data += encode_record(leaf, salt, payload)
        (here,) = (r.after for r in read_records(encode_record(leaf, salt, payload), "w", here))
    return bytes(data)


def read(data: bytes) -> list[bytes | None]:
    return [record.payload for record in read_records(data, "w", Position())]


WHOLE = spool(4)
PAYLOADS = [b"payload %d" % number for number in range(4)]


def test_records_read_as_written() -> None:
    assert read(WHOLE) == PAYLOADS


@given(st.integers(0, len(WHOLE)))
def test_a_cut_anywhere_leaves_a_prefix(cut: int) -> None:
    found = read(WHOLE[:cut])
    assert found == PAYLOADS[: len(found)]
    assert len(found) == cut * 4 // len(WHOLE)


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_ends_the_reading_there(at: int, bit: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= 1 << bit
    found = read(bytes(damaged))
    assert found == PAYLOADS[: at * 4 // len(WHOLE)]


@given(st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32))
def test_headers_round_trip(seq: int, prev: bytes) -> None:
    start = Position(seq=seq, prev=prev)
    assert decode_header(encode_header(start)) == start


@given(junk=st.binary(max_size=400))
@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_torn_end_is_cut_and_the_writer_goes_on(tmp_path: Path, junk: bytes) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(1)
    path = bench.spool / "gateway/records"
    before = path.read_bytes()
    path.write_bytes(before + junk)
    bench.writer().close()
    assert path.read_bytes() == before


def test_a_spool_that_lost_signed_records_is_refused(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(4)
    path = bench.spool / "gateway/records"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordError, match="holds 3 records, but its head counts 4"):
        bench.writer()
    path.unlink()
    with pytest.raises(RecordError, match="holds 0 records"):
        bench.writer()


def test_another_key_for_a_known_writer_is_refused(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    bench.write(1)
    with pytest.raises(RecordError, match="another key"):
        SpoolWriter.open(bench.spool, "gateway", make_key("other"))


def test_the_sequencers_name_and_bad_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="sequencer's own"):
        SpoolWriter.open(tmp_path, "log", writer_key("log"))


def test_positions_go_on_over_a_restart_and_a_large_merged_spool_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klover.log.writer._TRIM_BYTES", HEADER_BYTES + 1)
    bench = Bench(folder=tmp_path)
    bench.write(5)
    bench.integrate()
    bench.writer().close()
    path = bench.spool / "gateway/records"
    assert path.stat().st_size == HEADER_BYTES
    with bench.writer() as writer:
        assert writer.append(finding(5)) == 5
    assert path.stat().st_size > HEADER_BYTES
    bench.integrate()
    assert bench.verify().kinds["finding"] == 6


def test_nothing_appended_is_durable_before_the_flush(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path)
    writer = bench.writer()
    assert [writer.append(finding(n)) for n in range(3)] == [0, 1, 2]
    assert (bench.spool / "gateway/records").stat().st_size == HEADER_BYTES
    assert writer.flush() == 3
    assert writer.flush() == 3
    writer.close()
    writer.close()
    with pytest.raises(RecordError):
        writer.append(finding(4))
