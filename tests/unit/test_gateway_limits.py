"""Limits counted: in memory for a session, durably for a day, released exactly up to each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from doubles.memory_relay import MemoryRelay
from doubles.memory_tally import MemoryTally
from klover.errors import RecordError
from klover.event import Completion, Denial
from klover.gateway.daily import Daily, Tally
from klover.gateway.meter import DayAccount, Meter
from klover.log.tally import RECORD_BYTES, TallyFile
from klover.policy.admission import Amount, Limits
from klover.wire import backend, frontend
from klover.wire.backend import ReadyForQuery

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32
ROW = backend.DataRow(values=(b"1",)).encode()
DONE = backend.CommandComplete(tag=b"SELECT 1").encode()
READY = ReadyForQuery(status=b"I").encode()
NOTICE = backend.NoticeResponse(fields={b"S": b"NOTICE", b"C": b"00000", b"M": b"x"}).encode()
ERROR = backend.error("ERROR", "22012", "division by zero").encode()
PART = backend.CopyData(data=b"1\n").encode()
COPY = b"H\0\0\0\x09\0\0\1\0\0"


@dataclass(kw_only=True)
class Clock:
    """A clock that tests set."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


@dataclass(kw_only=True)
class Counted:
    """One principal's count before a tally."""

    tally: Tally = field(default_factory=MemoryTally)
    clock: Clock = field(default_factory=Clock)
    rows: int | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin again with what the tally holds, as after a restart."""
        self.daily = Daily(self.tally)

    def account(self, key: bytes = KEY) -> DayAccount:
        limit = Amount(rows=self.rows, bytes=self.size)
        return DayAccount(daily=self.daily, key=key, limit=limit, now=self.clock)

    def used(self, key: bytes = KEY) -> int:
        """Use rows one by one until none is left; tells how many there were."""
        account, count = self.account(key), 0
        while account.take(1, 1) is None:
            count += 1
        return count


def query(sql: bytes) -> bytes:
    return frontend.Query(sql=sql).encode()


def limited(**limits: int) -> MemoryRelay:
    """Make a relay whose session is limited and whose statement's intent is durable."""
    relay = MemoryRelay(meter=Meter(Limits(session=Amount(**limits)), None))
    relay.ask(query(b"select id from accounts"))
    relay.round()
    return relay


def limited_by_day(rows: int, size: int) -> MemoryRelay:
    """Begin a statement of somebody whose day is limited, and whose session is not."""
    relay = MemoryRelay(meter=Meter(Limits(), Counted(rows=rows, size=size).account()))
    relay.ask(query(b"select 1"))
    relay.round()
    return relay


def rows_of(data: bytes) -> int:
    """Count the rows, parts, errors of the server's and notices at the front of a stream."""
    at = count = 0
    while at < len(data):
        end = at + 1 + int.from_bytes(data[at + 1 : at + 5], "big")
        if b"54000" in data[at:end]:
            assert end == len(data), "nothing follows the end"
            return count
        count += data[at] in b"DdEN"
        at = end
    return count


# A session ------------------------------------------------------------------------------------


@pytest.mark.parametrize("allowed", [1, 2, 6])
def test_exactly_so_many_rows_are_released_wherever_the_stream_is_split(allowed: int) -> None:
    stream = ROW * 7 + DONE + READY
    told = "1 row" if allowed == 1 else f"{allowed} rows"
    for size in (*range(1, 30), len(stream)):
        relay = limited(rows=allowed)
        for at in range(0, len(stream), size):
            relay.answer(stream[at : at + size])
        relay.round()
        assert rows_of(relay.client) == allowed, size
        assert relay.client.startswith(ROW * allowed + b"E")
        assert f"the limit of {told} a session is reached".encode() in relay.client
        (ending,) = relay.endings
        assert ending.reason == f"the limit of {told} a session is reached"
        (done,) = [one for one in relay.recorder.events if isinstance(one, Completion)]
        assert (done.outcome, done.sqlstate, done.rows) == ("stopped", "54000", allowed)
        (denied,) = [one for one in relay.recorder.durable_events if isinstance(one, Denial)]
        assert denied.reason == ending.reason


def test_rows_up_to_the_limit_pass_with_their_end() -> None:
    relay = limited(rows=7)
    relay.answer(ROW * 7 + DONE + READY)
    assert relay.client == ROW * 7 + DONE + READY
    assert relay.endings == []


def test_bytes_count_every_message_of_the_server() -> None:
    stream = ROW * 3 + DONE + READY
    whole = limited(bytes=len(stream))
    whole.answer(stream)
    assert whole.client == stream
    short = limited(bytes=len(stream) - 1)
    short.answer(stream)
    short.round()
    assert short.client.startswith(ROW * 3 + DONE + b"E"), "not even the last message"


@pytest.mark.parametrize("telling", [NOTICE, ERROR])
def test_a_notice_and_an_error_count_as_a_row(telling: bytes) -> None:
    relay = limited(rows=1)
    relay.answer(telling)
    assert relay.client == telling
    relay.answer(NOTICE)
    relay.round()
    assert relay.client.count(b"NOTICE") == telling.count(b"NOTICE")
    assert len(relay.endings) == 1


@pytest.mark.parametrize("tag", [b"SELECT 0", b"FETCH 0", b"COPY 0", b"MOVE 97", b"MOVE 0"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_without_rows_tells_something_too(tag: bytes, size: int) -> None:
    """``MOVE`` tells a number of the asker's choice, and that there is no row is an answer."""
    relay = limited(rows=2)
    stream = backend.CommandComplete(tag=tag).encode() + READY
    for turn in range(3):
        for at in range(0, len(stream), size):
            relay.answer(stream[at : at + size])
        relay.round()
        assert relay.client.count(tag) == min(turn + 1, 2)
        if turn < 2:
            relay.ask(query(b"select id from accounts"))
            relay.round()
    assert [ending.reason for ending in relay.endings] == [
        "the limit of 2 rows a session is reached"
    ]


def test_what_tells_nothing_counts_nothing_and_rows_count_once() -> None:
    relay = limited(rows=2)
    for tag in (b"BEGIN", b"SET", b"DECLARE CURSOR", b"COMMIT"):
        relay.answer(backend.CommandComplete(tag=tag).encode() + READY)
        relay.ask(query(b"select id from accounts"))
        relay.round()
    relay.answer(ROW * 2 + backend.CommandComplete(tag=b"SELECT 2").encode() + READY)
    assert relay.endings == []


def test_parts_of_a_copy_count_as_rows() -> None:
    relay = limited(rows=2)
    relay.answer(COPY + PART * 3)
    relay.round()
    assert relay.client.startswith(COPY + PART * 2 + b"E")


def test_a_row_larger_than_the_limit_is_not_begun() -> None:
    row = backend.DataRow(values=(b"x" * 1_000_000,)).encode()
    for size in (70_000, 300_000):
        relay = limited(bytes=500_000)
        relay.answer(ROW + row[:size])
        relay.round()
        assert relay.client.startswith(ROW + b"E"), "the first bytes of it would be told already"
        assert b"xxx" not in relay.client
        relay.answer(row[size:])
        assert b"xxx" not in relay.client


def test_a_large_row_within_the_limit_passes_in_parts_and_is_paid_once() -> None:
    row = backend.DataRow(values=(b"x" * 1_000_000,)).encode()
    relay = limited(bytes=len(row) * 2 + 10)
    for at in range(0, len(row), 70_000):
        relay.answer(row[at : at + 70_000])
    assert relay.client == row
    relay.answer(row)
    relay.answer(DONE)
    relay.round()
    assert relay.client.startswith(row + row + b"E")


def test_what_was_paid_waits_for_its_record_and_nothing_follows_it() -> None:
    relay = MemoryRelay(meter=Meter(Limits(session=Amount(rows=1)), None))
    relay.ask(query(b"select 1"))
    relay.answer(ROW * 2)
    assert relay.client == b"", "the intent is not durable yet"
    relay.answer(ROW)
    relay.ask(query(b"select 2"))
    relay.round()
    assert relay.client.startswith(ROW + b"E")
    assert rows_of(relay.client) == 1
    assert b"select 2" not in relay.server


def test_after_the_limit_nothing_more_is_asked_of_the_server() -> None:
    relay = MemoryRelay(meter=Meter(Limits(session=Amount(rows=1)), None))
    first: list[frontend.Frontend] = [
        frontend.Parse(name=b"", sql=b"select 1"),
        frontend.Bind(portal=b"", statement=b"", values=()),
        frontend.Execute(portal=b""),
        frontend.Flush(),
    ]
    relay.ask(b"".join(message.encode() for message in first))
    relay.answer(backend.PARSE_COMPLETE.encode() + backend.BIND_COMPLETE.encode() + ROW * 2)
    asked = relay.server
    relay.ask(frontend.Parse(name=b"", sql=b"select 2").encode())
    assert relay.server == asked
    relay.round()
    assert rows_of(relay.client) == 1


def test_the_rest_of_a_text_is_skipped_on_record() -> None:
    relay = MemoryRelay(meter=Meter(Limits(session=Amount(rows=1)), None))
    relay.ask(query(b"select 1; select 2"))
    relay.round()
    relay.answer(ROW * 2)
    relay.round()
    done = [one for one in relay.recorder.events if isinstance(one, Completion)]
    assert [(one.outcome, one.sqlstate) for one in done] == [
        ("stopped", "54000"),
        ("skipped", None),
    ]


class Shrinking(Meter):
    """Has room for everything when it is asked, and for nothing when it is used."""

    def roomy(self, size: int) -> bool:
        return size > 0


def test_what_is_refused_after_all_is_not_released() -> None:
    relay = MemoryRelay(meter=Shrinking(Limits(session=Amount(rows=1)), None))
    relay.ask(query(b"select 1"))
    relay.round()
    relay.answer(ROW * 3)
    relay.round()
    assert ROW not in relay.client
    assert b"54000" in relay.client


def test_when_the_day_cannot_be_counted_nothing_is_released() -> None:
    counted = Counted(rows=100)
    assert isinstance(counted.tally, MemoryTally)
    relay = MemoryRelay(meter=Meter(Limits(), counted.account()))
    relay.ask(query(b"select 1"))
    relay.round()
    counted.tally.broken = True
    relay.answer(ROW)
    relay.round()
    assert ROW not in relay.client
    assert [ending.sqlstate for ending in relay.endings] == ["57P03"]


_MESSAGES = st.lists(
    st.sampled_from([ROW, NOTICE, backend.DataRow(values=(b"y" * 3000,)).encode()]), max_size=30
)


@settings(deadline=None)
@given(messages=_MESSAGES, cuts=st.lists(st.integers(1, 5000), min_size=1), rows=st.integers(1, 40),
       size=st.integers(1, 60_000), daily=st.booleans())  # fmt: skip
def test_whatever_comes_no_more_than_the_limit_is_released(
    messages: list[bytes], cuts: list[int], rows: int, size: int, *, daily: bool
) -> None:
    """And all of it is a prefix of what came, message by message, as long as it fits."""
    relay = limited_by_day(rows, size) if daily else limited(rows=rows, bytes=size)
    stream, at, turn = b"".join(messages), 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        relay.answer(stream[at : at + step])
        at, turn = at + step, turn + 1
    relay.round()
    fitting = 0
    for count in range(len(messages) + 1):
        if count <= rows and sum(map(len, messages[:count])) <= size:
            fitting = count
    released = b"".join(messages[:fitting])
    assert relay.client.startswith(released)
    assert rows_of(relay.client) == fitting
    assert bool(relay.endings) == (fitting < len(messages))


# A day ------------------------------------------------------------------------------------------


def test_two_sessions_share_a_day_to_the_last_row() -> None:
    counted = Counted(rows=1000)
    one, two = counted.account(), counted.account()
    granted = sum(each.take(1, 1) is None for _ in range(600) for each in (one, two))
    assert granted == 1000
    assert one.used_up() is not None
    assert counted.account(OTHER).used_up() is None, "another principal's day is untouched"


def test_the_message_says_when_the_day_begins_anew() -> None:
    counted = Counted(rows=1)
    counted.used()
    reached = counted.account().used_up()
    assert reached is not None
    assert reached.reason == "the limit of 1 row a day is reached"
    assert reached.again == "it begins anew at 2026-11-28 00:00 UTC"


def test_a_crash_never_gives_back_and_costs_a_step_at_most() -> None:
    counted = Counted(rows=6400)
    account = counted.account()
    for _ in range(1000):
        assert account.take(1, 1) is None
    counted.start()  # nothing was settled
    left = counted.used()
    assert 6400 - 1000 - 101 <= left <= 6400 - 1000
    assert isinstance(counted.tally, MemoryTally)
    assert counted.tally.puts <= 140, "few writes for a whole day"


def test_an_orderly_end_gives_back_what_was_not_used() -> None:
    counted = Counted(rows=6400)
    account = counted.account()
    for _ in range(1000):
        account.take(1, 1)
    counted.daily.settle()
    counted.start()
    assert counted.used() == 5400


def test_a_clock_that_is_turned_back_gives_no_new_day() -> None:
    counted = Counted(rows=10)
    assert counted.used() == 10
    counted.clock.at = NOON - timedelta(days=1)
    assert counted.used() == 0
    counted.start()
    assert counted.used() == 0
    counted.clock.at = NOON + timedelta(hours=12)
    assert counted.used() == 10, "the next day"
    counted.clock.at = NOON
    assert counted.used() == 0


def test_bytes_without_rows_and_both() -> None:
    counted = Counted(size=100)
    assert counted.account().take(5, 100) is None
    reached = counted.account().take(0, 1)
    assert reached is not None
    assert reached.reason == "the limit of 100 bytes a day is reached"
    both = Counted(rows=10, size=100)
    assert both.account().take(11, 1) is not None
    assert both.account().take(1, 101) is not None
    assert both.account().take(10, 100) is None, "what was refused was not used"


# The file -----------------------------------------------------------------------------------------

DAY = date(2026, 11, 27)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], TallyFile]]:
    made: list[TallyFile] = []

    def again() -> TallyFile:
        for each in made:
            each.close()
        made.append(TallyFile(tmp_path / "gateway" / "day"))
        return made[-1]

    yield again
    for each in made:
        each.close()


def test_the_file_remembers_the_last_count_of_each_key(opened: Callable[[], TallyFile]) -> None:
    tally = opened()
    assert tally.read() == (date.min, {})
    tally.put(DAY, KEY, 10, 100)
    tally.put(DAY, OTHER, 1, 1)
    tally.put(DAY, KEY, 7, 70)
    expected = (DAY, {KEY: (7, 70), OTHER: (1, 1)})
    assert tally.read() == expected
    assert opened().read() == expected
    opened().put(DAY + timedelta(days=1), OTHER, 2, 2)
    assert opened().read() == (DAY + timedelta(days=1), {OTHER: (2, 2)})
    with pytest.raises(RecordError):
        opened().put(DAY, KEY, 1, 1)


def test_a_record_torn_at_any_byte_is_cut_off(
    opened: Callable[[], TallyFile], tmp_path: Path
) -> None:
    path = tmp_path / "gateway" / "day"
    tally = opened()
    tally.put(DAY, KEY, 1, 1)
    tally.put(DAY, KEY, 2, 2)
    tally.close()
    whole = path.read_bytes()
    assert len(whole) == 2 * RECORD_BYTES
    for length in range(RECORD_BYTES, 2 * RECORD_BYTES):
        path.write_bytes(whole[:length])
        assert opened().read() == (DAY, {KEY: (1, 1)}), length
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert opened().read() == (DAY, {KEY: (1, 1)})


def test_damage_elsewhere_lets_nobody_in(opened: Callable[[], TallyFile], tmp_path: Path) -> None:
    tally = opened()
    for count in range(3):
        tally.put(DAY, KEY, count, count)
    tally.close()
    path = tmp_path / "gateway" / "day"
    whole = bytearray(path.read_bytes())
    whole[RECORD_BYTES + 40] ^= 1
    path.write_bytes(whole)
    with pytest.raises(RecordError, match="damaged"):
        opened()


def test_only_one_process_counts(opened: Callable[[], TallyFile], tmp_path: Path) -> None:
    opened()
    with pytest.raises(RecordError, match="Another process"):
        TallyFile(tmp_path / "gateway" / "day")


@pytest.mark.parametrize("step", ["append", "fdatasync"])
def test_a_disk_that_fails_covers_nothing(tmp_path: Path, step: str) -> None:
    def fail(name: str) -> None:
        if name == step:
            raise OSError(28, "No space left on device")

    path = tmp_path / "day"
    with TallyFile(path) as tally:
        tally.put(DAY, KEY, 1, 1)
    with TallyFile(path, failpoint=fail) as tally:
        counted = Counted(tally=tally, rows=6400)
        with pytest.raises(RecordError, match="No space left"):
            counted.account().take(5, 5)
        with pytest.raises(RecordError):
            counted.account().take(5, 5)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["take", "crash", "end", "day", "back"]), st.integers(1, 400)),
        max_size=40,
    )
)
def test_whatever_happens_a_day_never_shows_more_than_its_limit(
    steps: list[tuple[str, int]],
) -> None:
    counted = Counted(rows=1000)
    shown: dict[date, int] = {}
    for step, amount in steps:
        day = counted.daily.day(counted.clock.at)
        if step == "take" and counted.account().take(amount, 1) is None:
            shown[day] = shown.get(day, 0) + amount
        elif step == "crash":
            counted.start()
        elif step == "end":
            counted.daily.settle()
            counted.start()
        elif step == "day":
            counted.clock.at += timedelta(days=1)
        elif step == "back":
            counted.clock.at -= timedelta(hours=amount)
    assert all(count <= 1000 for count in shown.values())
