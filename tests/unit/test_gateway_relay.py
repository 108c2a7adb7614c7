"""The relay between two ends in memory: what is released when, and what happens when it may not."""

import pytest

from doubles.memory_recorder import MemoryRecorder
from doubles.memory_relay import MemoryRelay
from klover.event import Completion, Denial, Intent
from klover.wire import backend, frontend
from klover.wire.backend import ReadyForQuery

ROW = backend.DataRow(values=(b"1",)).encode()
DONE = backend.CommandComplete(tag=b"SELECT 1").encode()
READY = ReadyForQuery(status=b"I").encode()
NOTICE = backend.NoticeResponse(fields={b"S": b"NOTICE", b"C": b"00000", b"M": b"x"}).encode()
ERROR = backend.error("ERROR", "22012", "division by zero").encode()
STATUS = backend.ParameterStatus(name=b"TimeZone", value=b"UTC").encode()


def query(sql: bytes) -> bytes:
    return frontend.Query(sql=sql).encode()


def described(table: int, *attributes: int) -> bytes:
    return backend.RowDescription(
        fields=tuple(
            backend.Field(
                name=b"c", table=table, attribute=one, type=25, size=-1, modifier=-1, format=0
            )
            for one in attributes
        )
    ).encode()


@pytest.mark.parametrize("answer", [ROW + DONE + READY, ERROR + READY, NOTICE, STATUS])
def test_nothing_that_answers_is_released_before_its_intent_is_durable(answer: bytes) -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    assert relay.server == query(b"select 1"), "the server works already"
    relay.answer(answer)
    assert relay.recorder.durable == 0
    assert relay.client == b""
    assert relay.server_end.paused, "memory stays flat while answers wait"
    relay.round()
    assert relay.recorder.durable >= 1
    assert relay.client == answer
    assert not relay.server_end.paused


def test_once_durable_answers_pass_at_once() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.round()
    relay.answer(ROW)
    assert relay.client == ROW


def test_what_came_before_the_goodbye_is_answered() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"vacuum") + frontend.Terminate().encode())
    assert relay.endings == []
    assert relay.client == b""
    relay.round()
    assert relay.client.endswith(ReadyForQuery(status=b"I").encode())
    assert [ending.reason for ending in relay.endings] == ["client closed"]


def test_a_refusal_is_durable_before_it_is_told() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"set role x"))
    assert (relay.client, relay.server) == (b"", b"")
    relay.round()
    assert relay.client.startswith(b"E")
    assert relay.client.endswith(READY)
    assert isinstance(relay.recorder.durable_events[0], Denial)


def test_a_client_that_leaves_before_its_intent_is_durable_is_on_record() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.client_peer.connection_lost(None)
    relay.round()
    assert [ending.reason for ending in relay.endings] == ["client left"]
    assert isinstance(relay.recorder.durable_events[0], Intent)


def test_when_the_flush_fails_nothing_is_released() -> None:
    relay = MemoryRelay(recorder=MemoryRecorder(fail_flush_at=0))
    relay.ask(query(b"select 1"))
    relay.answer(ROW + DONE + READY)
    relay.round()
    relay.round()
    assert relay.failed
    assert relay.client == b""
    relay.answer(ROW)
    assert ROW not in relay.client


def test_when_an_intent_cannot_be_appended_the_statement_is_not_passed_on() -> None:
    relay = MemoryRelay(recorder=MemoryRecorder(fail_append_at=0))
    relay.ask(query(b"select 1"))
    assert relay.server == b""
    assert [ending.sqlstate for ending in relay.endings] == ["57P03"]
    relay.round()
    assert relay.failed


@pytest.mark.parametrize(
    "answer",
    [
        DONE + DONE,
        DONE + READY + ROW,
        ROW + READY,
        backend.PARSE_COMPLETE.encode(),
        b"G\0\0\0\x07\0\0\0",
        b"W\0\0\0\x07\0\0\0",
        b"V\0\0\0\x08\xff\xff\xff\xff",
        b"K\0\0\0\x0c\0\0\0\1\0\0\0\1",
        b"R\0\0\0\x08\0\0\0\0",
        b"D\0\0\0\x03",
        b"D\xff\xff\xff\xff",
        backend.ParameterStatus(name=b"standard_conforming_strings", value=b"off").encode(),
        backend.ParameterStatus(name=b"client_encoding", value=b"SJIS").encode(),
        described(99_999, 1),
    ],
)
def test_an_answer_that_was_not_asked_for_ends_the_session(answer: bytes) -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.round()
    relay.answer(answer)
    assert len(relay.endings) == 1
    assert relay.client_end.closed


def test_an_answer_from_nowhere_ends_the_session() -> None:
    relay = MemoryRelay()
    relay.answer(ROW)
    assert len(relay.endings) == 1
    assert ROW not in relay.client


def test_rows_are_counted_wherever_the_stream_is_split() -> None:
    stream = described(20_000, 1) + ROW * 7 + DONE + READY
    for size in range(1, len(stream)):
        relay = MemoryRelay()
        relay.ask(query(b"select id from accounts"))
        relay.round()
        for at in range(0, len(stream), size):
            relay.answer(stream[at : at + size])
        assert relay.client == stream
        (done,) = [one for one in relay.recorder.events if isinstance(one, Completion)]
        assert (done.rows, done.bytes, done.columns) == (7, 7 * len(ROW), ("accounts.id",))


def test_a_row_that_is_too_large_to_keep_is_passed_in_parts() -> None:
    row = backend.DataRow(values=(b"x" * 1_000_000,)).encode()
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.round()
    for at in range(0, len(row), 70_000):
        relay.answer(row[at : at + 70_000])
        assert len(relay.client) >= min(at + 70_000, len(row)) - 70_000
    relay.answer(ROW + DONE + READY)
    assert relay.client == row + ROW + DONE + READY
    (done,) = [one for one in relay.recorder.events if isinstance(one, Completion)]
    assert (done.rows, done.bytes) == (2, len(row) + len(ROW))


def test_an_error_of_ours_never_lands_inside_a_row() -> None:
    row = backend.DataRow(values=(b"x" * 1_000_000,)).encode()
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.round()
    relay.answer(row[:100_000])
    relay.ask(b"\xff\0\0\0\x04")
    relay.answer(row[100_000:] + DONE + b"R\0\0\0\x08\0\0\0\0")
    assert relay.client_end.closed
    assert row.startswith(relay.client)


def test_one_group_is_under_way_at_a_time() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1") + query(b"select 2"))
    assert relay.server == query(b"select 1")
    relay.round()
    relay.answer(ROW + DONE + READY)
    assert relay.server == query(b"select 1") + query(b"select 2")
    relay.answer(ROW)
    assert relay.client == ROW + DONE + READY, "the second waits for its own record"
    relay.round()
    assert relay.client == ROW + DONE + READY + ROW


def test_a_client_that_sends_on_and_on_is_not_read_on_and_on() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select pg_sleep(9)"))
    for _ in range(5):
        relay.ask(query(b"select '" + b"x" * 100_000 + b"'"))
    assert relay.client_end.paused


def test_a_client_that_reads_slowly_holds_the_server_back() -> None:
    relay = MemoryRelay()
    relay.ask(query(b"select 1"))
    relay.round()
    relay.client_peer.pause_writing()
    assert relay.server_end.paused
    relay.client_peer.resume_writing()
    assert not relay.server_end.paused


def test_a_long_pipeline_waits_for_answers_and_goes_on() -> None:
    relay = MemoryRelay()
    one = frontend.Bind(portal=b"", statement=b"").encode() + frontend.Execute(portal=b"").encode()
    relay.ask(frontend.Parse(name=b"", sql=b"select 1").encode() + one * 6_000)
    relay.round()
    assert relay.server.endswith(frontend.Flush().encode())
    assert not relay.server.endswith(one)
    relay.answer(backend.PARSE_COMPLETE.encode() + (backend.BIND_COMPLETE.encode() + DONE) * 4_999)
    assert relay.server.count(frontend.Execute(portal=b"").encode()) == 6_000
    assert relay.server.count(frontend.Flush().encode()) == 1


def test_after_an_error_nothing_more_is_expected_until_the_sync() -> None:
    relay = MemoryRelay()
    parse = frontend.Parse(name=b"", sql=b"select 1/0").encode()
    relay.ask(parse)
    relay.round()
    relay.answer(ERROR)
    relay.ask(parse * 20_000 + frontend.Sync().encode())
    relay.round()
    relay.answer(READY)
    assert relay.client == ERROR + READY
    assert not relay.endings
