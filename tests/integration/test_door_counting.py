"""Which counts the days of doors go by: those that hold the word that the enclave knows."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from doubles.demo_doors import NOW, TODAY, open_doors, resolve
from doubles.memory_recorder import MemoryRecorder
from doubles.tiny_doors import POLICY, make_tables, tiny_doors
from klover import door
from klover.door import counting, ledger
from klover.errors import ConfigError, RecordError, StoreError
from klover.log.durable import Failpoint, no_failpoint
from klover.log.tally import TallyFile
from klover.store.connect import Connection, connect

DOORS = {"abroad": "door_abroad", "home": "door_home"}
Anew = Callable[[Sequence[str]], None]


class Stopped(Exception):  # noqa: N818 - the end of a process
    """The process ends here."""


def begin(
    connection: Connection,
    folder: Path,
    *audiences: str,
    anew: Anew | None = None,
    failpoint: Failpoint = no_failpoint,
    seconds: float = 60.0,
) -> None:
    """Start to count in ``folder``, as a gateway does."""
    with TallyFile(folder / "day", failpoint=failpoint) as tally:
        word = counting.go_on(
            connection,
            {audience: DOORS[audience] for audience in audiences or DOORS},
            tally.words,
            next_word=tally.next_word,
            time=NOW,
            anew=anew,
            seconds=seconds,
        )
        failpoint("known")
        tally.settle_word(word)


@pytest.fixture
def tiny(database: Connection) -> Connection:
    make_tables(database)
    open_doors(database, tiny_doors(database))
    return database


def test_counts_go_on_in_their_folder_and_in_no_other(tiny: Connection, tmp_path: Path) -> None:
    begin(tiny, tmp_path / "one")
    begin(tiny, tmp_path / "one")
    with pytest.raises(ConfigError, match="The days of abroad are counted in another folder"):
        begin(tiny, tmp_path / "two")
    begin(tiny, tmp_path / "one")


def test_a_copy_of_the_folder_is_another_once_the_first_goes_on(
    tiny: Connection, tmp_path: Path
) -> None:
    begin(tiny, tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    begin(tiny, tmp_path / "one")
    with pytest.raises(ConfigError, match="a later state of this one"):
        begin(tiny, tmp_path / "copy")


def test_a_folder_without_its_counts_is_another_though_its_word_is_there(
    tiny: Connection, tmp_path: Path
) -> None:
    begin(tiny, tmp_path / "one")
    (tmp_path / "one" / "day").unlink()
    with pytest.raises(ConfigError, match="counted in another folder"):
        begin(tiny, tmp_path / "one")
    with pytest.raises(ConfigError, match="counted in another folder"):
        begin(tiny, tmp_path / "one")
    begin(tiny, tmp_path / "one", anew=lambda _: None)
    begin(tiny, tmp_path / "one")


def test_anew_it_goes_on_where_it_was_begun(tiny: Connection, tmp_path: Path) -> None:
    told: list[str] = []
    begin(tiny, tmp_path / "one", anew=told.extend)
    assert told == []
    begin(tiny, tmp_path / "two", anew=told.extend)
    assert told == ["abroad", "home"]
    begin(tiny, tmp_path / "two")
    with pytest.raises(ConfigError):
        begin(tiny, tmp_path / "one")


def test_what_cannot_be_put_on_record_is_not_begun_anew(tiny: Connection, tmp_path: Path) -> None:
    def full(_: Sequence[str]) -> None:
        raise RecordError("full")

    begin(tiny, tmp_path / "one")
    with pytest.raises(RecordError):
        begin(tiny, tmp_path / "two", anew=full)
    begin(tiny, tmp_path / "one")


def test_a_door_without_a_limit_for_a_while_goes_on_with_the_same_counts(
    tiny: Connection, tmp_path: Path
) -> None:
    begin(tiny, tmp_path / "one")
    begin(tiny, tmp_path / "one", "home")
    begin(tiny, tmp_path / "one", "abroad", "home")


def test_ended_anywhere_the_folder_goes_on(tiny: Connection, tmp_path: Path) -> None:
    begin(tiny, tmp_path / "one")
    ended = 0
    while True:
        left = ended

        def stop(_step: str) -> None:
            nonlocal left
            if not left:
                raise Stopped
            left -= 1

        try:
            begin(tiny, tmp_path / "one", failpoint=stop)
        except Stopped:
            ended += 1
            continue
        break
    assert ended > 6
    begin(tiny, tmp_path / "one")
    with TallyFile(tmp_path / "one" / "day") as tally:
        assert len(tally.words) == 1, "what crashes left is gone"


@pytest.mark.parametrize("text", ["", "word\n", "0" * 32, f"{'0' * 32}  {'1' * 32}\n", "\xff\n"])
def test_a_word_that_is_damaged_lets_nobody_count(tmp_path: Path, text: str) -> None:
    TallyFile(tmp_path / "day").close()
    (tmp_path / "day.word").write_text(text, encoding="latin-1")
    with pytest.raises(RecordError, match="is damaged"):
        TallyFile(tmp_path / "day")
    (tmp_path / "day.word").unlink()
    with TallyFile(tmp_path / "day") as tally:
        assert tally.words == ()


def test_of_two_that_begin_at_once_one_counts(tiny: Connection, dsn: str, tmp_path: Path) -> None:
    with connect(dsn, what="the enclave") as other, other.transaction():
        other.execute(ledger.query("make_counting"))
    with connect(dsn, what="the enclave") as other, other.transaction():
        begin(other, tmp_path / "one")
        with pytest.raises(StoreError, match="begins to count days at the same moment"):
            begin(tiny, tmp_path / "two", seconds=0.1)
    with pytest.raises(ConfigError):
        begin(tiny, tmp_path / "two")


def test_the_proof_and_a_drop_know_the_table(tiny: Connection, tmp_path: Path) -> None:
    begin(tiny, tmp_path / "one")
    assert not door.prove(tiny, resolve(tiny, POLICY), TODAY).violations
    assert not door.plan(tiny, tiny_doors(tiny))
    door.drop(tiny, MemoryRecorder(), NOW)
    assert tiny.execute("select to_regclass('klover.door_counting')").fetchone() == (None,)
