"""Real clients through the gateway, before a hand-made door on a real standby."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, generators, waiting
from psycopg.pq import DiagnosticField, ExecStatus

from doubles.gateway_house import House, hand_made_doors
from klover.cli.psql import find_psql
from klover.config import Backend
from klover.event import (
    Cancellation,
    Completion,
    Denial,
    Intent,
    SessionClosed,
    SessionOpened,
)
from klover.store.embedded import Server

EVERYTHING = (
    "accounts.country", "accounts.email", "accounts.handle", "accounts.id",
    "videos.account_id", "videos.id", "videos.title",
)  # fmt: skip


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


@pytest.fixture
def house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    made = House(folder=tmp_path, backend=backend)
    with made.run():
        yield made


def completions(house: House) -> list[Completion]:
    house.thread.stop()
    return house.recorded(Completion)


def test_a_client_selects_and_is_on_record(house: House) -> None:
    with house.connect() as client:
        row = client.execute("select id, email from accounts where id = 7").fetchone()
        assert row == (7, "person7@example.org")
    house.thread.stop()
    opened, intent, completion, closed = house.events
    assert isinstance(opened, SessionOpened)
    assert isinstance(intent, Intent)
    assert isinstance(completion, Completion)
    assert isinstance(closed, SessionClosed)
    assert intent.text == "select id, email from accounts where id = ?"
    assert "accounts.email" in intent.columns
    assert completion.columns == ("accounts.email", "accounts.id")
    assert (completion.outcome, completion.rows) == ("SELECT", 1)
    assert opened.countries_edition == house.policy.countries.edition == "2026-11"
    assert opened.evidence == ("claim IE", "simulated network 10.20.0.0/16 IE")
    assert closed.statements == 1


def test_what_a_door_lacks_is_not_there(house: House) -> None:
    with house.connect("engineering-abroad", 1) as client:
        assert client.execute("select * from accounts where id = 7").fetchone() == (
            7,
            "handle 7",
            "NO",
        )
        with pytest.raises(errors.UndefinedColumn):
            client.execute("select email from accounts")
        with pytest.raises(errors.InsufficientPrivilege):
            client.execute("select email from public.accounts")


def test_each_statement_of_a_query_has_a_record_of_its_own(house: House) -> None:
    with house.connect() as client:
        client.execute("select 1; select id from accounts limit 3; ; select title from videos")
    assert [(one.outcome, one.rows) for one in completions(house)] == [
        ("SELECT", 1),
        ("SELECT", 3),
        ("SELECT", 5000),
    ]
    assert [intent.columns for intent in house.recorded(Intent)] == [
        (),
        EVERYTHING[:4],
        EVERYTHING[4:],
    ]


def test_an_error_in_the_middle_skips_the_rest(house: House) -> None:
    with house.connect() as client:
        with pytest.raises(errors.DivisionByZero):
            client.execute("select 1; select 1/0; select email from accounts")
        assert client.execute("select 2").fetchone() == (2,)
    assert [(one.outcome, one.sqlstate) for one in completions(house)] == [
        ("SELECT", None),
        ("error", "22012"),
        ("skipped", None),
        ("SELECT", None),
    ]


def test_a_text_that_postgres_cannot_parse_runs_nothing(house: House) -> None:
    with house.connect() as client:
        with pytest.raises(errors.SyntaxError):
            client.execute("select 1; select from from; select 3")
        with pytest.raises(errors.SyntaxError):
            client.execute("select 'open")
        assert client.execute("select 2").fetchone() == (2,)
    house.thread.stop()
    assert all("open" not in str(event) for event in house.events)


def test_prepared_statements_are_recorded_each_time(house: House) -> None:
    with house.connect(prepare_threshold=0) as client:
        for number in range(3):
            row = client.execute("select handle from accounts where id = %s", (number + 1,))
            assert row.fetchone() == (f"handle {number + 1}",)
    done = completions(house)
    assert [one.outcome for one in done] == ["prepared", "SELECT", "SELECT", "SELECT"]
    assert all(one.columns == ("accounts.handle",) for one in done[1:])
    assert len({intent.statement_digest for intent in house.recorded(Intent)}) == 1


def test_pipelines_have_a_record_for_each_statement(house: House) -> None:
    with house.connect() as client, client.pipeline():
        cursors = [
            client.execute("select handle from accounts where id = %s", (number,))
            for number in range(1, 201)
        ]
        assert [cursor.fetchone() for cursor in cursors] == [
            (f"handle {number}",) for number in range(1, 201)
        ]
    selected = [one for one in completions(house) if one.outcome == "SELECT"]
    assert len(selected) == 200


def test_a_pipeline_with_an_error_goes_on_after_its_sync(house: House) -> None:
    with house.connect() as client:
        # By libpq itself: all three are sent before the first answer is read. psycopg's pipeline
        # reads as it sends, and where the error is there already, it never sends the third.
        libpq = client.pgconn
        libpq.enter_pipeline_mode()
        libpq.send_query_params(b"select 1", None)
        libpq.send_query_params(b"select 1/$1::int", [b"0"])
        libpq.send_query_params(b"select email from accounts where id = $1", [b"1"])
        libpq.pipeline_sync()
        libpq.flush()
        each = (waiting.wait(generators.fetch(libpq), libpq.socket) for _ in range(7))
        answers = [answer for answer in each if answer is not None]
        libpq.exit_pipeline_mode()
        assert [ExecStatus(answer.status) for answer in answers] == [
            ExecStatus.TUPLES_OK,
            ExecStatus.FATAL_ERROR,
            ExecStatus.PIPELINE_ABORTED,
            ExecStatus.PIPELINE_SYNC,
        ]
        assert answers[1].error_field(DiagnosticField.SQLSTATE) == b"22012"
        assert client.execute("select 2").fetchone() == (2,)
    outcomes = [one.outcome for one in completions(house)]
    assert outcomes == ["SELECT", "error", "skipped", "SELECT"]


def test_a_refused_statement_in_a_pipeline_comes_in_its_turn(house: House) -> None:
    with house.connect() as client:
        denied = pytest.raises(errors.InsufficientPrivilege)
        with denied, client.pipeline() as pipeline:
            first = client.execute("select handle from accounts where id = %s", (1,))
            client.execute("set session authorization postgres")
            pipeline.sync()
        assert first.fetchone() == ("handle 1",)
        assert client.execute("select 2").fetchone() == (2,)
    house.thread.stop()
    (denial,) = house.recorded(Denial)
    assert denial.countries_edition == "2026-11"


def test_cursors_are_bounded_by_what_they_were_made_of(house: House) -> None:
    with house.connect(autocommit=False) as client, client.cursor("c") as cursor:
        cursor.itersize = 50
        cursor.execute("select title from videos where id <= 120")
        assert len(list(cursor)) == 120
    house.thread.stop()
    fetches = [one for one in house.recorded(Intent) if one.text.startswith("fetch")]
    assert len(fetches) == 3
    assert all(one.columns == EVERYTHING[4:] for one in fetches)


def test_prepare_and_execute_in_sql_are_bounded_too(house: House) -> None:
    with house.connect() as client:
        client.execute("prepare p (int) as select email from accounts where id = $1")
        assert client.execute("execute p (3)").fetchone() == ("person3@example.org",)
        client.execute("deallocate p")
        with pytest.raises(errors.InvalidSqlStatementName):
            client.execute("execute p (3)")
    house.thread.stop()
    bounds = [one.columns for one in house.recorded(Intent) if one.text.startswith("execute")]
    assert bounds == [EVERYTHING[:4], EVERYTHING]


def test_a_failed_prepare_does_not_hide_what_runs(house: House) -> None:
    with house.connect() as client:
        client.execute("prepare p as select email from accounts where id = 1")
        with pytest.raises(errors.DuplicatePreparedStatement):
            client.execute("prepare p as select 1")
        assert client.execute("execute p").fetchone() == ("person1@example.org",)
    house.thread.stop()
    assert house.recorded(Intent)[-1].columns == EVERYTHING[:4]


def test_copy_out_is_relayed_and_counted(house: House) -> None:
    with house.connect() as client:
        with client.cursor().copy("copy (select id from accounts) to stdout") as copy:
            assert sum(1 for _ in copy.rows()) == 1000
        assert client.execute("select 1").fetchone() == (1,)
    assert (completions(house)[0].outcome, completions(house)[0].rows) == ("COPY", 1000)


def test_expressions_keep_the_whole_bound(house: House) -> None:
    with house.connect() as client:
        client.execute("select email || '' from accounts where id = 1")
        client.execute("select id from accounts union select id from videos")
    first, second = completions(house)
    assert first.columns == EVERYTHING[:4]
    assert second.columns == EVERYTHING


def test_large_results_arrive_whole(house: House) -> None:
    with house.connect() as client:
        rows = client.execute(
            "select a.id, v.title, repeat('x', 500) from accounts a, videos v limit 200000"
        )
        assert sum(1 for _ in rows) == 200_000
        big = client.execute("select repeat('y', 5000000)").fetchone()
        assert big is not None
        assert len(str(big[0])) == 5_000_000
    done = completions(house)
    assert [one.rows for one in done] == [200_000, 1]
    assert done[0].bytes > 200_000 * 500


def test_a_cancel_reaches_its_own_session_only(house: House) -> None:
    with house.connect() as client, house.connect() as other:

        def cancel_once_it_runs() -> None:
            house.wait_until_active()
            client.cancel_safe()

        canceller = threading.Thread(target=cancel_once_it_runs)
        canceller.start()
        with pytest.raises(errors.QueryCanceled):
            client.execute("select pg_sleep(120)")
        canceller.join()
        assert other.execute("select 1").fetchone() == (1,)
        assert client.execute("select 1").fetchone() == (1,)
    house.thread.stop()
    assert len(house.recorded(Cancellation)) == 1


def test_many_asynchronous_clients(house: House) -> None:
    async def one(number: int) -> str:
        parameters = {**house.parameters("engineering-abroad", 1), "autocommit": True}
        client = await psycopg.AsyncConnection.connect(**parameters)
        async with client:
            for _ in range(5):
                cursor = await client.execute(
                    "select handle from accounts where id = %s", (number,)
                )
                row = await cursor.fetchone()
        assert row is not None
        return str(row[0])

    async def main() -> list[str]:
        return await asyncio.gather(*(one(number) for number in range(1, 5)))

    assert asyncio.run(main()) == [f"handle {number}" for number in range(1, 5)]


def test_a_session_that_ends_gives_its_role_back(house: House) -> None:
    for _ in range(5):  # the door has two roles
        with house.connect() as client:
            assert client.execute("select 1").fetchone() == (1,)
    opened = house.recorded(SessionOpened)
    assert len(opened) == 5


def test_a_full_door_says_so(backend: Backend, tmp_path: Path) -> None:
    house = House(folder=tmp_path, backend=backend, lease_seconds=0.1)
    full = pytest.raises(psycopg.OperationalError, match="place")
    with house.run(), house.connect(), house.connect(), full:
        house.connect()


def test_psql_works_with_the_environment_that_the_command_sets(house: House) -> None:
    program = find_psql()
    port = house.thread.addresses[0][1]
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("PG")},
        **program.environment,
        "PGPASSWORD": house.token(),
        "PGSSLROOTCERT": str(house.root),
        "PGOPTIONS": "-c klover.purpose=legal -c klover.reference=CASE-9",
    }
    where = f"host=127.0.0.1 port={port} user=trust-and-safety dbname=app sslmode=verify-full"
    query = "select email from accounts limit 1"
    told = subprocess.run(
        [program.path, "-XAt", where, "-c", r"\d accounts", "-c", query],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert told.returncode == 0, told.stderr
    assert "email|text" in told.stdout
    assert told.stdout.endswith("person1@example.org\n")
