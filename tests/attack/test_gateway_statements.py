"""What somebody tries who is inside: to change how the session is read, recorded or named.

Hidden in comments, quotes, dollars, Unicode escapes, prepared statements and cursors; by messages
of the protocol that no driver sends; and always the session has to stay in step afterwards.
"""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from doubles.gateway_house import House, hand_made_doors
from doubles.raw_client import RawClient, error_of
from klover.config import Backend
from klover.event import Completion, Denial, Intent
from klover.store.embedded import Server
from klover.wire import backend as answers, frontend

REFUSED = [
    "set session authorization klover",
    "set/**/session authorization klover",
    "SET\n--\nSESSION AUTHORIZATION klover",
    "/* a /* b */ c */ set role klover",
    "set local role klover",
    "set session role klover",
    'set "role" = klover',
    'set U&"r\\006Fle" = klover',
    "set U&\"r!006Fle\" uescape '!' = klover",
    "reset role",
    "reset session authorization",
    "discard all",
    "set standard_conforming_strings = off",
    "set Standard_Conforming_Strings to 'off'",
    "set backslash_quote = on",
    "set client_encoding = 'SJIS'",
    "set names 'LATIN1'",
    "set client_encoding to U&'\\004CATIN1'",
    "set client_min_messages = debug5",
    "set work_mem = '10GB'",
    "set statement_timeout = 0",
    "set local statement_timeout to '0'",
    "set statement_timeout = '0.4ms'",
    "set statement_timeout = -1",
    "set statement_timeout = 0x0",
    "set statement_timeout = '31min'",
    "set statement_timeout = '\t0'",
    "set session idle_in_transaction_session_timeout = '1h'",
    "set lock_timeout = 2147483647",
    "set search_path = public",
    "reset search_path",
    "set klover.purpose = 'other'",
    "set application_name = 'someone else'",
    "set transaction read write",
    "begin read write",
    "set session characteristics as transaction read write",
    "set transaction snapshot '1'",
    "select set_config('standard_conforming_strings', 'off', false)",
    "select pg_catalog.set_config('role', 'klover', false)",
    "select \"set_config\"('role', 'klover', false)",
    "select U&\"set\\005fconfig\"('role', 'klover', false)",
    "select SET_CONFIG('role', 'klover', false)",
    "with x as (update pg_settings set setting = 'off' returning 1) select * from x",
    "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
    "explain analyze select * from accounts",
    "EXPLAIN ANALYSE select * from accounts",
    "explain (analyze) select * from accounts",
    "explain (ANALYZE on, verbose) select * from accounts",
    "explain (verbose, analyze true) select * from accounts",
    'explain ("analyze") select * from accounts',
    "explain (analyse 1) select 1",
    "explain/**/(/**/analyze/**/)/**/select 1",
    "explain verbose analyze select 1",
    "explain (serialize) select 1",
    "explain insert into accounts values (1)",
    "prepare x as explain analyze select 1",
    "prepare x as insert into accounts values (1)",
    "prepare transaction 'x'",
    "commit prepared 'x'",
    "rollback prepared 'x'",
    "declare c cursor for explain analyze select 1",
    "copy accounts from stdin",
    "copy accounts to stdout",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/x'",
    "copy (insert into accounts values (1) returning 1) to stdout",
    "insert into accounts values (1)",
    "create temp table t (i int)",
    "do $$ begin end $$",
    "call f()",
    "listen x",
    "load 'x'",
    "lock accounts",
    "vacuum",
    "alter role klover_s_gate_ts_01 set role klover",
    "grant all on accounts to public",
    "select 1; set role klover",
    "select $$;$$; set role klover; select 2",
    "select 1 /* ; */ ; -- ;\n set role klover",
    "select 'a\\'; set role klover; --'",
    "select e'\\''; set role klover",
    "select $a$ $b$ $a$; set role klover --$a$",
]


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


@pytest.fixture(scope="module")
def house(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(folder=tmp_path_factory.mktemp("house"), backend=backend)
    with made.run():
        yield made


@pytest.fixture
def own_house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    made = House(folder=tmp_path, backend=backend)
    with made.run():
        yield made


@pytest.fixture
def raw(house: House) -> Iterator[RawClient]:
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        yield client


def one(messages: list[answers.Backend]) -> bytes | None:
    (row,) = [message for message in messages if isinstance(message, answers.DataRow)]
    return row.values[0]


@pytest.mark.parametrize("sql", REFUSED)
def test_it_is_refused_both_ways_and_the_session_goes_on(raw: RawClient, sql: str) -> None:
    raw.send(frontend.Query(sql=sql.encode()))
    found = raw.until_ready()
    assert error_of(found)[1] == "42501"
    assert len(found) == 2
    raw.send(
        frontend.Parse(name=b"", sql=sql.encode()),
        frontend.Bind(portal=b"", statement=b""),
        frontend.Describe(target=b"P", name=b""),
        frontend.Execute(portal=b""),
        frontend.Sync(),
    )
    found = raw.until_ready()
    assert error_of(found)[1] in {"42501", "42601"}
    assert len(found) == 2
    raw.send(frontend.Query(sql=b"select current_user"))
    assert one(raw.until_ready()) in {b"klover_s_gate_ts_01", b"klover_s_gate_ts_02"}


@pytest.mark.parametrize(
    "sql",
    [
        "set timezone = 'Europe/Oslo'",
        "set local datestyle to iso, mdy",
        "set session statement_timeout = 1000",
        "set time zone 'UTC'",
        "set names 'utf8'",
        "set client_encoding = 'UTF8'",
        "set standard_conforming_strings = on",
        "reset all",
        "reset timezone",
        "show all",
        "begin isolation level repeatable read read only",
        "explain (costs off, format json) select * from accounts",
        "explain (select 1)",
        "explain verbose select 1",
        "table accounts limit 1",
        "values (1), (2)",
        "(select 1) union (select 2)",
        "with x as (select 1) select * from x",
        "prepare x as select 1",
        "unlisten *",
        "close all",
        "deallocate all",
    ],
)
def test_what_clients_need_is_let_through(house: House, sql: str) -> None:
    with house.connect() as client:
        assert client.execute(sql.encode()).statusmessage


def test_the_errors_of_a_pipeline_come_in_order(raw: RawClient) -> None:
    raw.send(
        frontend.Parse(name=b"", sql=b"select 1"),
        frontend.Bind(portal=b"", statement=b""),
        frontend.Execute(portal=b""),
        frontend.Parse(name=b"", sql=b"set role klover"),
        frontend.Bind(portal=b"", statement=b""),
        frontend.Execute(portal=b""),
        frontend.Sync(),
        frontend.Parse(name=b"", sql=b"select 2"),
        frontend.Bind(portal=b"", statement=b""),
        frontend.Execute(portal=b""),
        frontend.Sync(),
    )
    kinds = [type(message).__name__ for message in raw.until_ready()]
    assert kinds == ["Bare", "Bare", "DataRow", "CommandComplete", "ErrorResponse", "ReadyForQuery"]
    assert one(raw.until_ready()) == b"2"


def test_a_refusal_is_told_before_the_sync(raw: RawClient) -> None:
    raw.send(
        frontend.Parse(name=b"", sql=b"select 1"),
        frontend.Parse(name=b"", sql=b"set role klover"),
        frontend.Flush(),
    )
    assert raw.read() == answers.PARSE_COMPLETE
    assert isinstance(raw.read(), answers.ErrorResponse)
    raw.send(frontend.Bind(portal=b"", statement=b""), frontend.Sync())
    assert [type(message).__name__ for message in raw.until_ready()] == ["ReadyForQuery"]


def test_an_error_of_the_stores_comes_before_a_later_refusal(raw: RawClient) -> None:
    raw.send(
        frontend.Parse(name=b"", sql=b"select nonsense"),
        frontend.Parse(name=b"", sql=b"set role klover"),
        frontend.Sync(),
    )
    found = raw.until_ready()
    assert error_of(found)[1] == "42703"
    assert len(found) == 2


def test_function_calls_and_copies_in_are_refused(raw: RawClient) -> None:
    raw.send(frontend.FunctionCall(body=b"\0" * 14))
    assert error_of(raw.until_ready())[1] == "42501"
    raw.send(frontend.CopyData(data=b"x"), frontend.CopyDone(), frontend.CopyFail(reason=b""))
    raw.send(frontend.Query(sql=b"select 1"))
    assert one(raw.until_ready()) == b"1"


@pytest.mark.parametrize(
    "stream",
    [
        b"Q" + (-5).to_bytes(4, "big", signed=True),
        b"Q\0\0\0\x03",
        b"Q\x7f\xff\xff\xff",
        b"Q\0\0\0\x08abcd",
        b"Q\0\0\0\x09ab\0c\0",
        b"P\0\0\0\x08\0\0\0\x01",
        b"B\0\0\0\x0b\0\0\0\0\0\0\0",
        b"D\0\0\0\x06X\0",
        b"p\0\0\0\x06x\0",
        b"Z\0\0\0\x05I",
        b"\xff\0\0\0\x04",
        b"S\0\0\0\x05x",
        b"P\0\0\0\x0d\0select\0\0\0Q\0\0\0\x0dselect 1\0",
    ],
)
def test_what_is_not_the_protocol_ends_the_session(house: House, stream: bytes) -> None:
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        client.socket.sendall(stream)
        found = client.until_ready()
        assert error_of([m for m in found if m != answers.PARSE_COMPLETE])[:2] == ("FATAL", "08P01")
        assert client.read() is None


def test_text_that_is_not_utf8_is_refused(raw: RawClient) -> None:
    raw.send(frontend.Query(sql=b"select '\xff\xfe'"))
    assert error_of(raw.until_ready())[1] == "42601"


def test_a_long_name_is_the_name_postgres_cuts_it_to(own_house: House) -> None:
    """Prepared twice under names that are one to Postgres: the second replaces nothing."""
    long, longer = b"n" * 63 + b"A", b"n" * 63 + b"B"
    with RawClient(own_house.thread.addresses[0]).encrypt(own_house.root) as client:
        client.log_in(own_house.token())
        client.send(
            frontend.Parse(name=long, sql=b"select email from accounts where id = 1"),
            frontend.Sync(),
        )
        client.until_ready()
        client.send(frontend.Parse(name=longer, sql=b"select 1"), frontend.Sync())
        assert error_of(client.until_ready())[1] == "42P05"
        client.send(
            frontend.Bind(portal=b"", statement=longer),
            frontend.Execute(portal=b""),
            frontend.Sync(),
        )
        assert one(client.until_ready()) == b"person1@example.org"
    own_house.thread.stop()
    assert "accounts.email" in own_house.recorded(Intent)[-1].columns


def test_a_portal_skipped_with_its_group_does_not_hide_what_runs(own_house: House) -> None:
    with RawClient(own_house.thread.addresses[0]).encrypt(own_house.root) as client:
        client.log_in(own_house.token())
        client.send(
            frontend.Parse(name=b"s", sql=b"select email from accounts where id = 1"),
            frontend.Sync(),
            frontend.Parse(name=b"", sql=b"select 1/0"),
            frontend.Bind(portal=b"", statement=b""),
            frontend.Execute(portal=b""),
            frontend.Close(target=b"S", name=b"s"),
            frontend.Parse(name=b"s", sql=b"select 1"),
            frontend.Sync(),
            frontend.Bind(portal=b"", statement=b"s"),
            frontend.Execute(portal=b""),
            frontend.Sync(),
        )
        client.until_ready()
        assert error_of(client.until_ready())[1] == "22012"
        assert one(client.until_ready()) == b"person1@example.org"
    own_house.thread.stop()
    assert "accounts.email" in own_house.recorded(Intent)[-1].columns


def test_nobody_crashes_the_server_with_what_a_failed_query_left(raw: RawClient) -> None:
    """Executing the unnamed portal of a failed Query ends every session of a Postgres 18."""
    for sql in (b"begin", b"execute t", b"select 1", b"set statement_timeout = 60000"):
        raw.send(frontend.Query(sql=sql))
        raw.until_ready()
    for again in (frontend.Execute(portal=b""), frontend.Describe(target=b"P", name=b"")):
        raw.send(again, frontend.Sync())
        found = raw.until_ready()
        assert error_of(found)[1] == "34000"
        assert len(found) == 2
    raw.send(frontend.Query(sql=b"rollback"), frontend.Query(sql=b"select 1"))
    raw.until_ready()
    assert one(raw.until_ready()) == b"1"


def _parse(name: bytes, sql: bytes) -> frontend.Parse:
    return frontend.Parse(name=name, sql=sql)


def _bind(portal: bytes, statement: bytes = b"") -> frontend.Bind:
    return frontend.Bind(portal=portal, statement=statement)


@pytest.mark.parametrize(
    "messages",
    [
        (_parse(b"s", b"execute s"),),
        (_parse(b"s", b"select 1"), _parse(b"t", b"execute s"), _parse(b"u", b"execute t")),
        (
            _parse(b"s", b"begin"),
            _parse(b"", b"execute s"),
            _bind(b""),
            frontend.Execute(portal=b""),
        ),
        (_parse(b"s", b"select 1"), _parse(b"", b"execute s"), _bind(b"p")),
        (_parse(b"", b"fetch 1 from p"), _bind(b"p")),
        (
            _parse(b"s", b"deallocate x"),
            _parse(b"", b"explain (costs off) execute s"),
            _bind(b""),
            frontend.Execute(portal=b""),
        ),
    ],
)
def test_names_lead_one_step_only(raw: RawClient, messages: tuple[frontend.Frontend, ...]) -> None:
    """Statements that run one another in a circle crash Postgres, with everybody's sessions."""
    raw.send(*messages, frontend.Sync())
    assert error_of(raw.until_ready())[1] == "42501"
    raw.send(frontend.Query(sql=b"select 1"))
    assert one(raw.until_ready()) == b"1"


def test_execute_in_sql_runs_queries_only(raw: RawClient) -> None:
    raw.send(_parse(b"s", b"savepoint a"), _parse(b"q", b"select 7"), frontend.Sync())
    raw.until_ready()
    for sql in (b"execute s", b"explain execute s", b"prepare x as select 1; execute s"):
        raw.send(frontend.Query(sql=sql))
        assert error_of(raw.until_ready())[1] == "42501"
    raw.send(frontend.Query(sql=b"execute q"))
    assert one(raw.until_ready()) == b"7"


def test_a_portal_read_in_parts_is_recorded_each_time(own_house: House) -> None:
    with RawClient(own_house.thread.addresses[0]).encrypt(own_house.root) as client:
        client.log_in(own_house.token())
        client.send(
            frontend.Parse(name=b"", sql=b"select email from accounts"),
            frontend.Bind(portal=b"", statement=b""),
            frontend.Execute(portal=b"", max_rows=3),
            frontend.Execute(portal=b"", max_rows=4),
            frontend.Sync(),
        )
        client.until_ready()
    own_house.thread.stop()
    done = [(one.outcome, one.rows) for one in own_house.recorded(Completion)]
    assert done == [("suspended", 3), ("suspended", 4)]


def test_nothing_typed_goes_on_record(own_house: House) -> None:
    """Secrets as literals, comments, aliases, names, kinds of statements, options."""
    texts = [
        "select 'HUSH' as \"HUSH\" -- HUSH",
        "select /* HUSH */ $HUSH$HUSH$HUSH$, 1 as hush, U&'HUSH', e'HUSH'",
        "select hush from accounts",
        "hush hush",
        "set hush.hush = 'HUSH'",
        "prepare hush as select 1 as hush",
        "declare hush cursor for select 1",
        "savepoint hush",
        "select 'HUSH",
    ]
    with own_house.connect() as client:
        for text in texts:
            try:
                client.execute(text.encode())
            except psycopg.Error:
                client.execute("rollback")
    own_house.thread.stop()
    assert "hush" not in "".join(map(str, own_house.events)).lower()
    assert own_house.recorded(Denial)


def test_a_megabyte_of_sql_is_the_most(house: House) -> None:
    with house.connect() as client:
        assert client.execute(b"select 1 --" + b"x" * 1_000_000).fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            client.execute(b"select 1 --" + b"x" * 1_100_000)
