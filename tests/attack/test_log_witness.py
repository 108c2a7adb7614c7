"""Attacks on the witness: forks, rollbacks, replays and strangers' logs are never cosigned."""

from pathlib import Path

import pytest

from doubles.log_bench import LOG_KEY, ORIGIN, WITNESS_KEY, Bench
from klover.errors import RecordError, VerifyError
from klover.log import Log, Witness
from klover.log.files import LogFiles
from klover.log.keys import make_key
from klover.log.witness import WitnessConflict
from klover.tlog.checkpoint import Checkpoint
from klover.tlog.merkle import prove_consistency
from klover.tlog.note import Note, open_note, sign_note
from klover.tlog.tile import TileTree


def proof(bench: Bench, old: int, size: int) -> list[bytes]:
    tree = TileTree(size=size, read=LogFiles(bench.log).tile)
    return prove_consistency(tree.subtree, old, size)


def checkpoint(bench: Bench) -> bytes:
    return (bench.log / "checkpoint").read_bytes()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(folder=tmp_path)
    made.write(5)
    assert made.integrate() == 6
    return made


def test_a_log_that_grew_is_cosigned_at_the_given_time(bench: Bench) -> None:
    bench.write(3)
    bench.integrate(witnessed=False)
    witness = bench.witness()
    line = witness.cosign(6, proof(bench, 6, 9), checkpoint(bench))
    note = Note.parse(checkpoint(bench)).with_signatures([line])
    opened = open_note(note.encode(), WITNESS_KEY.verifier)
    assert opened.signed_by(WITNESS_KEY.verifier)[0].time == 1_795_000_000
    last = witness.last(ORIGIN)
    assert last is not None
    assert last.size == 9


def test_a_fork_of_the_same_size(bench: Bench) -> None:
    text = Checkpoint(origin=ORIGIN, size=6, root=b"\x07" * 32).text
    with pytest.raises(VerifyError, match="different roots"):
        bench.witness().cosign(6, (), sign_note(text, LOG_KEY).encode())


def test_a_fork_that_is_larger(bench: Bench) -> None:
    bench.write(3)
    bench.integrate(witnessed=False)
    text = Checkpoint(origin=ORIGIN, size=9, root=b"\x07" * 32).text
    with pytest.raises(VerifyError, match="does not lead to both roots"):
        bench.witness().cosign(6, proof(bench, 6, 9), sign_note(text, LOG_KEY).encode())
    with pytest.raises(VerifyError, match="too short"):
        bench.witness().cosign(6, (), sign_note(text, LOG_KEY).encode())


def test_an_old_checkpoint_replayed(bench: Bench) -> None:
    old = checkpoint(bench)
    bench.write(3)
    bench.integrate()
    with pytest.raises(WitnessConflict, match="size 9") as conflict:
        bench.witness().cosign(0, (), old)
    assert conflict.value.size == 9
    with pytest.raises(VerifyError, match="beyond the checkpoint"):
        bench.witness().cosign(9, (), old)


def test_a_log_rolled_back_by_its_own_operator(bench: Bench) -> None:
    shorter = Bench(folder=bench.folder / "again")
    shorter.write(2)
    log = Log.open(shorter.log, ORIGIN, LOG_KEY)
    with pytest.raises(VerifyError, match="it was rolled back"):
        log.integrate([bench.witness()])
    assert not (shorter.log / "checkpoint").exists()
    log.close()


def test_a_log_forked_by_its_own_operator_is_never_published(bench: Bench) -> None:
    other = Bench(folder=bench.folder / "again")
    other.write(9, "migration")
    log = Log.open(other.log, ORIGIN, LOG_KEY)
    with pytest.raises(VerifyError, match="does not lead to both roots"):
        log.integrate([bench.witness()])
    assert not (other.log / "checkpoint").exists()
    log.close()


def test_a_checkpoint_that_the_log_did_not_sign(bench: Bench) -> None:
    text = Note.parse(checkpoint(bench)).text
    with pytest.raises(VerifyError, match="not signed by"):
        bench.witness().cosign(6, (), sign_note(text, make_key("thief")).encode())


def test_a_log_that_the_witness_does_not_know(bench: Bench) -> None:
    witness = Witness(directory=bench.folder / "w2", key=WITNESS_KEY, logs={})
    with pytest.raises(VerifyError, match="does not know"):
        witness.cosign(0, (), checkpoint(bench))


def test_a_plain_key_cannot_witness_and_a_witness_key_cannot_sign_a_log(bench: Bench) -> None:
    logs = {ORIGIN: LOG_KEY.verifier}
    witness = Witness(directory=bench.folder / "w2", key=make_key("plain"), logs=logs)
    with pytest.raises(VerifyError, match="not a witness key"):
        witness.cosign(0, (), checkpoint(bench))
    with pytest.raises(VerifyError, match="checkpoints of others"):
        sign_note("text\n", WITNESS_KEY)


def test_a_witness_whose_memory_was_changed_refuses(bench: Bench) -> None:
    (memory,) = (bench.folder / "witness").glob("log-*")
    memory.write_bytes(memory.read_bytes().replace(b"\n6\n", b"\n5\n"))
    with pytest.raises((VerifyError, RecordError)):
        bench.witness().cosign(5, proof(bench, 5, 6), checkpoint(bench))
