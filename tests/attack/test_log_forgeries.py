"""Attacks on the log's files, each by someone who holds more than they should.

``bench.resigned`` is the strongest thief of the log's own key: tiles, root and signature are all
made to fit; what others signed is what still tells.
"""

import shutil
from pathlib import Path

import pytest

from doubles.log_bench import LOG_KEY, Bench, finding
from klover.errors import RecordError
from klover.log.files import LogFiles, list_entries
from klover.log.forge import copy_published, rewritten_copy, tampered_copy
from klover.log.keys import make_key
from klover.log.payload import encode_payloads
from klover.tlog.leaf import Leaf


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Make a log of ten records by two writers, cosigned; entries 0 and 1 admit the writers."""
    made = Bench(folder=tmp_path)
    made.write(6, "gateway")
    made.write(4, "migration")
    assert made.integrate() == 12
    assert made.verify().ok
    return made


def problems(bench: Bench, path: Path, *, witnessed: bool = False) -> str:
    found = bench.verify(path, witnessed=witnessed)
    assert not found.ok
    return "\n".join(found.problems)


def test_an_honest_copy_without_the_sequencers_files_verifies(bench: Bench) -> None:
    copy = copy_published(bench.log, bench.folder / "copy")
    assert sorted(p.name for p in copy.iterdir()) == ["checkpoint", "payload", "tile", "writers"]
    assert bench.verify(copy) == bench.verify()


def test_a_changed_payload(bench: Bench) -> None:
    copy = tampered_copy(bench.log, bench.folder / "copy", 4)
    assert "payload of entry 4: it is not the one" in problems(bench, copy)


def test_two_payloads_swapped(bench: Bench) -> None:
    copy = copy_published(bench.log, bench.folder / "copy")
    stored = LogFiles(copy).payloads(0)
    stored[4], stored[5] = stored[5], stored[4]
    (copy / "payload/000").write_bytes(encode_payloads(stored))
    told = problems(bench, copy)
    assert "payload of entry 4" in told
    assert "payload of entry 5" in told


def test_any_file_of_the_copy_with_any_byte_changed(bench: Bench) -> None:
    copy = copy_published(bench.log, bench.folder / "copy")
    for path in sorted(p for p in copy.rglob("*") if p.is_file()):
        whole = path.read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 25)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert not bench.verify(copy).ok, (path, at)
        path.write_bytes(whole)
    assert bench.verify(copy).ok


def test_any_published_file_missing(bench: Bench) -> None:
    copy = copy_published(bench.log, bench.folder / "copy")
    for path in sorted(p for p in copy.rglob("*") if p.is_file() and p.name != "checkpoint"):
        whole = path.read_bytes()
        path.unlink()
        found = bench.verify(copy)
        if path.parent.name == "payload":
            assert (found.ok, found.absent) == (True, 10)
        else:
            assert not found.ok, path
        path.write_bytes(whole)


def test_a_record_dropped_and_the_log_signed_again(bench: Bench) -> None:
    entries = bench.entries()
    told = problems(bench, bench.resigned(entries[:5] + entries[6:]))
    assert "entries were dropped, repeated or reordered" in told


def test_the_last_record_dropped_and_the_log_signed_again(bench: Bench) -> None:
    told = problems(bench, bench.resigned(bench.entries()[:-1]))
    assert "The writer migration signed for 4 entries; the log holds 3." in told


def test_a_whole_writer_dropped_and_the_log_signed_again(bench: Bench) -> None:
    entries = [e for e in bench.entries() if b"migration" not in e]
    copy = bench.resigned(entries)
    shutil.rmtree(copy / "writers/migration")
    assert not bench.verify(copy, witnessed=True).ok


def test_records_reordered_and_the_log_signed_again(bench: Bench) -> None:
    entries = bench.entries()
    entries[4], entries[5] = entries[5], entries[4]
    assert "reordered" in problems(bench, bench.resigned(entries))


def test_a_record_repeated_and_the_log_signed_again(bench: Bench) -> None:
    entries = bench.entries()
    assert "repeated" in problems(bench, bench.resigned([*entries, entries[-1]]))


def test_a_record_added_in_a_writers_name_and_the_log_signed_again(bench: Bench) -> None:
    entries = bench.entries()
    chain = bench.verify().writers
    records = next(one.records for one in chain if one.name == "migration")
    leaf = Leaf.parse(entries[-1])
    forged = Leaf(writer="migration", seq=records, prev=leaf.prev, commitment=bytes(32))
    told = problems(bench, bench.resigned([*entries, forged.encode()]))
    assert "does not continue the chain" in told
    assert "signed for 4 entries; the log holds 5" in told


def test_a_writer_that_nobody_admitted(bench: Bench) -> None:
    stranger = Leaf(writer="stranger", seq=0, prev=bytes(32), commitment=bytes(32)).encode()
    told = problems(bench, bench.resigned([*bench.entries(), stranger]))
    assert "whom the log never admitted" in told


def test_a_writer_admitted_again_under_another_key(bench: Bench) -> None:
    own = [Leaf.parse(e) for e in bench.entries()[:2]]
    again = Leaf(
        writer="log",
        seq=2,
        prev=own[1].prev,
        admits="gateway",
        vkey=make_key("gateway").verifier.vkey,
    )
    told = problems(bench, bench.resigned([*bench.entries(), again.encode()]))
    assert "a second time" in told


def test_a_writer_that_pretends_to_be_the_log(bench: Bench) -> None:
    leaf = Leaf.parse(bench.entries()[-1])
    says = Leaf(writer="gateway", seq=6, prev=leaf.prev, erases=3).encode()
    assert "may not write" in problems(bench, bench.resigned([*bench.entries(), says]))


def test_a_log_rewritten_by_the_holder_of_its_key_is_consistent_but_not_cosigned(
    bench: Bench,
) -> None:
    copy = rewritten_copy(bench.log, bench.folder / "copy", LOG_KEY, lambda e: e.index != 5)
    alone = bench.verify(copy, witnessed=False)
    assert (alone.ok, alone.size) == (True, 11)
    assert "the signature is false" in problems(bench, copy, witnessed=True)
    lines = (copy / "checkpoint").read_text().splitlines(keepends=True)
    (copy / "checkpoint").write_text("".join(lines[:-1]))
    assert "not cosigned by the witness" in problems(bench, copy, witnessed=True)


def test_a_rewritten_log_shows_other_keys_for_its_writers(bench: Bench) -> None:
    copy = rewritten_copy(bench.log, bench.folder / "copy", LOG_KEY, lambda e: e.index != 5)
    real = {one.name: one.vkey for one in bench.verify().writers}
    false = {one.name: one.vkey for one in bench.verify(copy, witnessed=False).writers}
    assert real["log"] == false["log"]
    assert real["gateway"] != false["gateway"]


def test_an_old_checkpoint_in_place_of_the_new(bench: Bench) -> None:
    old = (bench.log / "checkpoint").read_bytes()
    bench.write(2, "gateway")
    bench.integrate()
    copy = copy_published(bench.log, bench.folder / "copy")
    (copy / "checkpoint").write_bytes(old)
    assert "signed for 8 entries; the log holds 6" in problems(bench, copy, witnessed=True)


def test_another_logs_checkpoint_under_its_own_key(bench: Bench) -> None:
    told = "\n".join(bench.verify().problems)
    assert not told
    other = make_key("other.test/log").verifier
    from klover.log import verify_directory

    found = verify_directory(bench.log, other)
    assert "not of other.test/log" in found.problems[0]


def test_an_erased_payload_put_back(bench: Bench) -> None:
    before = (bench.log / "payload/000").read_bytes()
    bench.erase(4)
    copy = copy_published(bench.log, bench.folder / "copy")
    assert bench.verify(copy).erased == 1
    (copy / "payload/000").write_bytes(before)
    assert "was erased on record, but is still here" in problems(bench, copy)


@pytest.mark.parametrize("what", ["drop", "swap", "cut"])
def test_a_spool_changed_before_it_was_merged(bench: Bench, what: str) -> None:
    bench.write(3, "gateway")
    path = bench.spool / "gateway/records"
    whole = path.read_bytes()
    third = (len(whole) - 60) // 9
    body = [whole[60 + n * third : 60 + (n + 1) * third] for n in range(9)]
    changed = {
        "drop": [*body[:7], body[8]],
        "swap": [*body[:7], body[8], body[7]],
        "cut": body[:8],
    }[what]
    path.write_bytes(whole[:60] + b"".join(changed))
    with pytest.raises(RecordError, match="its head counts 9 records"):
        bench.integrate()
    assert bench.verify().size == 12


def test_a_spool_and_head_from_another_key(bench: Bench) -> None:
    shutil.rmtree(bench.spool / "gateway")
    from klover.log import SpoolWriter

    with SpoolWriter.open(bench.spool, "gateway", make_key("gateway")) as false:
        for number in range(8):
            false.append(finding(number))
    with pytest.raises(RecordError, match="not the one that the log admitted"):
        bench.integrate()


def test_a_record_slipped_in_under_a_running_writer(bench: Bench) -> None:
    with bench.writer() as writer:
        path = bench.spool / "gateway/records"
        whole = path.read_bytes()
        path.write_bytes(whole + whole[60:200])
        writer.append(finding(6))
        writer.flush()
    with pytest.raises(RecordError, match="its head counts 7 records; only 6"):
        bench.integrate()


def test_the_sequencers_tiles_changed_between_two_runs(bench: Bench) -> None:
    path = bench.log / "tile/0/000.p/12"
    path.write_bytes(bytes(32) + path.read_bytes()[32:])
    with pytest.raises(RecordError, match="do not lead to the committed root"):
        bench.integrate()


def test_entries_are_listed_by_kind(bench: Bench) -> None:
    assert [e.kind for e in list_entries(bench.log)][:3] == ["writer-admitted"] * 2 + ["finding"]
