"""Taking out more than a limit allows, or entering when one may not: each way that was thought of.

Small pieces and large ones, several sessions at once and one after another, restarts, cancels,
errors that carry values, clocks that are turned. What a client got is counted at the client.
"""

import shutil
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from doubles.gateway_house import DOORS, POLICY, Connection, House, hand_made_doors, until
from doubles.raw_client import RawClient, error_of
from klover.config import Backend
from klover.errors import ConfigError
from klover.event import Completion, Denial, SessionClosed, SessionOpened
from klover.log.tally import TallyFile
from klover.policy import zones
from klover.policy.parse import parse
from klover.store.access import OWNER
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.wire import backend as answers, frontend
from klover.wire.startup import CancelRequest

ABROAD = "engineering-abroad"
ROWS, DAY = 100, 250
LIMITED = POLICY.replace(
    "    identifiers: pseudonymised\n",
    "    identifiers: pseudonymised\n"
    "    limits:\n"
    f"      session: {{rows: {ROWS}, bytes: 100 kB}}\n"
    f"      day: {{rows: {DAY}, bytes: 10 MB}}\n",
)
ENTRY = POLICY.replace(
    "    who: {groups: [engineering], located: any}\n",
    "    who: {groups: [engineering], located: any, claims: {department: [cx, support]}, "
    "networks: [10.60.0.0/16]}\n"
    '    requires: {hours: "Mon-Fri 08:00-18:00 UTC"}\n',
)
SEAT = "klover_s_gate_ea_01"
FRIDAY = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Clock:
    """The gateway's clock: it runs, and a test can turn it."""

    turned: timedelta = timedelta()
    began: float = field(default_factory=time.monotonic)
    start: datetime = FRIDAY

    def __call__(self) -> datetime:
        gone = timedelta(seconds=time.monotonic() - self.began)
        return self.start + gone + self.turned


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


def make(folder: Path, backend: Backend, text: str, clock: Clock, tally: TallyFile) -> House:
    policy = parse(text, "klover.yaml")
    return House(folder=folder, backend=backend, policy=policy, now=clock, tally=tally)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a gateway wait for the seat of the one before, however long the server takes to go."""
    monkeypatch.setattr("klover.gateway.seat._TRIES", 180)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(backend: Backend, tmp_path: Path, clock: Clock) -> Iterator[House]:
    with TallyFile(tmp_path / "day") as tally:
        made = make(tmp_path, backend, LIMITED, clock, tally)
        with made.run():
            yield made


def taken(connection: Connection, sql: str = "select id from videos order by id") -> int:
    """Ask for rows until the session ends; tells how many came."""
    count = 0
    with suppress(psycopg.OperationalError), closing(connection):
        while True:
            for _ in connection.cursor().stream(sql):
                count += 1
    return count


def raw(house: House) -> RawClient:
    client = RawClient(house.thread.addresses[0]).encrypt(house.root)
    client.log_in(house.token(), ABROAD, options="")
    return client


def rows_until_the_end(client: RawClient) -> tuple[int, tuple[str, str, str]]:
    """Read to the end of the stream; tells the rows and the last error."""
    rows, last = 0, ("", "", "")
    while (message := client.read()) is not None:
        rows += isinstance(message, answers.DataRow | answers.CopyData)
        if isinstance(message, answers.ErrorResponse):
            last = error_of([message])
    return rows, last


# One session ----------------------------------------------------------------------------------


def test_one_statement_is_stopped_at_the_row(house: House) -> None:
    with raw(house) as client:
        client.send(frontend.Query(sql=b"select id from videos"))
        rows, (severity, sqlstate, sentence) = rows_until_the_end(client)
    assert rows == ROWS
    assert (severity, sqlstate) == ("FATAL", "54000")
    assert sentence == (
        "Klover: the limit of 100 rows a session is reached; connect again for another session."
    )
    house.thread.stop()
    (done,) = house.recorded(Completion)
    assert (done.outcome, done.sqlstate, done.rows) == ("stopped", "54000", ROWS)
    (denied,) = house.recorded(Denial)
    assert denied.reason == "the limit of 100 rows a session is reached"
    assert house.recorded(SessionClosed)[0].reason == denied.reason


def test_a_driver_sees_an_error_of_its_own_kind(house: House) -> None:
    with house.connect(ABROAD) as client, pytest.raises(errors.ProgramLimitExceeded):
        client.execute("select id from videos").fetchall()


def test_tiny_fetches_do_not_help(house: House) -> None:
    with raw(house) as client:
        client.send(
            frontend.Query(sql=b"begin"),
            frontend.Parse(name=b"s", sql=b"select id from videos"),
            frontend.Bind(portal=b"p", statement=b"s", values=()),
            *(
                message
                for _ in range(ROWS + 50)
                for message in (frontend.Execute(portal=b"p", max_rows=1), frontend.Flush())
            ),
            frontend.Sync(),
        )
        rows, (_, sqlstate, _) = rows_until_the_end(client)
    assert (rows, sqlstate) == (ROWS, "54000")


def test_neither_does_a_cursor(house: House) -> None:
    with house.connect(ABROAD) as client:
        client.execute("begin")
        client.execute("declare c cursor for select id from videos")
        assert taken(client, "fetch 7 from c") == ROWS


def test_nor_several_statements_in_a_text(house: House) -> None:
    with raw(house) as client:
        client.send(frontend.Query(sql=b"select id from videos limit 40;" * 4))
        rows, _ = rows_until_the_end(client)
    assert rows == ROWS
    house.thread.stop()
    outcomes = [(one.outcome, one.rows) for one in house.recorded(Completion)]
    assert outcomes == [("SELECT", 40), ("SELECT", 40), ("stopped", 20), ("skipped", 0)]


def test_nor_copy(house: House) -> None:
    with raw(house) as client:
        client.send(frontend.Query(sql=b"copy (select id from videos) to stdout"))
        rows, (_, sqlstate, _) = rows_until_the_end(client)
    assert (rows, sqlstate) == (ROWS, "54000")


@pytest.mark.parametrize(
    "sql",
    [
        "select string_agg(title, ',') from videos, generate_series(1, 20)",
        "select array_agg(title) from videos, generate_series(1, 20)",
        "copy (select string_agg(title, ',') from videos, generate_series(1, 20)) to stdout",
    ],
)
def test_one_huge_row_is_not_begun(house: House, sql: str) -> None:
    with raw(house) as client:
        client.send(frontend.Query(sql=sql.encode()))
        seen = b""
        with suppress(TimeoutError):
            while data := client.socket.recv(1 << 16):
                seen += data
    assert b"title 1" not in seen
    assert b"the limit of 100 kB a session is reached" in seen


def test_an_error_after_rows_counts_with_them(house: House) -> None:
    with raw(house) as client:
        sql = b"select 1 / (50 - id) from (select id from videos order by id offset 0) as v"
        for turn in range(2):
            client.send(frontend.Query(sql=sql))
            seen = client.until_ready()
            assert sum(isinstance(one, answers.DataRow) for one in seen) == 49, turn
            assert error_of(seen)[1] == "22012"
        client.send(frontend.Query(sql=b"select 1"))
        rows, (_, sqlstate, _) = rows_until_the_end(client)
    assert (rows, sqlstate) == (0, "54000")


@pytest.mark.parametrize(
    "sql",
    [
        "select generate_series(1, 5000)",
        "select regexp_split_to_table(repeat('a,', 5000), ',')",
        "select unnest(string_to_array(repeat('a,', 5000), ','))",
        "values " + ", ".join(f"({n})" for n in range(300)),
        "table videos",
        "with recursive t(n) as (select 1 union all select n + 1 from t where n < 900) table t",
        "copy (select id from videos) to stdout (format csv, header)",
        "copy (select id from videos) to stdout (format binary)",
        "begin; declare c cursor for select id from videos; fetch all from c",
        "begin; declare c scroll cursor for table videos; move last from c; fetch backward all c",
        "prepare p as select id from videos; execute p",
        "select id from videos limit 60; select id from videos limit 60",
    ],
)
def test_rows_count_whatever_makes_them(house: House, sql: str) -> None:
    with raw(house) as client:
        client.send(frontend.Query(sql=sql.encode()))
        rows, (severity, sqlstate, _) = rows_until_the_end(client)
    assert rows in {ROWS, ROWS - 1}, "one less where the cursor told how far it moved"
    assert (severity, sqlstate) == ("FATAL", "54000")


@pytest.mark.parametrize("held", ["", "with hold "])
def test_a_portal_in_parts_counts_across_its_parts(house: House, held: str) -> None:
    with raw(house) as client:
        client.send(
            frontend.Query(
                sql=f"begin; declare c cursor {held}for select id from videos".encode()
                + (b"; commit" if held else b"")
            )
        )
        client.until_ready()
        total = 0
        for _ in range(20):
            client.send(frontend.Query(sql=b"fetch 30 from c; fetch 30 from c"))
            seen = client.until_ready()
            total += sum(isinstance(one, answers.DataRow) for one in seen)
            if not isinstance(seen[-1], answers.ReadyForQuery):
                break
    assert total == ROWS


@pytest.mark.parametrize("sql", ["explain analyze select id from videos", "explain table videos"])
def test_plans_are_not_shown_where_rows_are_concealed(house: House, sql: str) -> None:
    with house.connect(ABROAD) as client, pytest.raises(errors.InsufficientPrivilege):
        client.execute(sql)


def test_errors_that_carry_values_count(house: House) -> None:
    told = 0
    with house.connect(ABROAD) as client, suppress(psycopg.OperationalError):
        for number in range(1, 1000):
            with suppress(errors.InvalidTextRepresentation):
                client.execute(f"select handle::int from accounts where id = {number}")
            told += 1
    assert told == ROWS


def test_moving_over_rows_tells_no_more_than_the_limit(house: House) -> None:
    """``MOVE`` answers with a number that is a value, and shows no row."""
    spelled = ""
    with house.connect(ABROAD) as client, suppress(psycopg.OperationalError):
        client.execute("begin")
        for at in range(1, 1000):
            letter = f"ascii(substr(string_agg(handle, ''), {at}, 1))"
            client.execute(
                f"declare c{at} cursor for select from generate_series(1, "
                f"(select {letter} from (select handle from accounts order by id) as a))"
            )
            spelled += chr(client.execute(f"move all from c{at}").rowcount)
            client.execute(f"close c{at}")
    assert spelled.startswith("handle 1handle 2")
    assert len(spelled) == ROWS


def test_questions_without_rows_count(house: House) -> None:
    """Whether there is a row is a bit of whatever was asked."""
    asked = 0
    with house.connect(ABROAD) as client, suppress(psycopg.OperationalError):
        for _ in range(1000):
            assert client.execute("select from accounts where handle = 'nobody'").rowcount == 0
            asked += 1
    assert asked == ROWS


def test_descriptions_count_by_their_bytes(house: House) -> None:
    """Nothing is shown, but the session does not go on for ever."""
    with raw(house) as client:
        columns = b", ".join(b"id as c%d" % number for number in range(500))
        for _ in range(100):
            client.send(
                frontend.Parse(name=b"", sql=b"select " + columns + b" from videos"),
                frontend.Describe(target=b"S", name=b""),
                frontend.Sync(),
            )
            if error := [m for m in client.until_ready() if isinstance(m, answers.ErrorResponse)]:
                break
        assert b"the limit of 100 kB a session is reached" in error[0].fields[b"M"]


def test_what_fits_is_not_touched(house: House) -> None:
    with house.connect(ABROAD) as client:
        assert len(client.execute("select id from videos limit 100").fetchall()) == ROWS
        with pytest.raises(errors.ProgramLimitExceeded):
            client.execute("select 1")
    with house.connect() as inside:
        assert len(inside.execute("select id from videos").fetchall()) == 5000


# A day ------------------------------------------------------------------------------------------


def test_connecting_again_and_again_ends_with_the_day(house: House) -> None:
    assert [taken(house.connect(ABROAD)) for _ in range(3)] == [ROWS, ROWS, DAY - 2 * ROWS]
    with pytest.raises(psycopg.OperationalError, match="the limit of 250 rows a day is reached"):
        house.connect(ABROAD)
    with pytest.raises(psycopg.OperationalError, match="begins anew at 2026-11-28 00:00 UTC"):
        house.connect(ABROAD)
    reasons = [one.reason for one in house.recorded(Denial)]
    assert reasons[-1] == "the limit of 250 rows a day is reached"
    another = house.token(subject="bertil")
    assert taken(house.connect(ABROAD, password=another)) == ROWS, "somebody else's day"


def test_several_sessions_at_once_do_not_use_the_same_rest(house: House) -> None:
    clients = [house.connect(ABROAD) for _ in range(4)]
    counts: list[int] = []
    threads = [
        threading.Thread(target=lambda one=client: counts.append(taken(one))) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == DAY
    assert max(counts) <= ROWS


def test_a_session_that_was_open_before_is_held_to_what_is_left(house: House) -> None:
    waiting = house.connect(ABROAD)
    for _ in range(3):
        taken(house.connect(ABROAD))
    assert taken(waiting) == 0
    waiting.close()


SLOW = b"select id, repeat('x', 500), pg_sleep(0.0005) from videos"


def test_cancelling_midway_gives_nothing_back(house: House) -> None:
    seen, denied = 0, 0
    for number in range(30):
        with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
            greeting = client.log_in(house.token(), ABROAD, options="")
            keys = [one for one in greeting if isinstance(one, answers.BackendKeyData)]
            if not keys:
                denied += error_of(greeting)[1] == "54000"
                continue
            client.send(frontend.Query(sql=SLOW))
            seen += some_rows(client, number % 5 + 1)
            cancel(house, keys[0])
            seen += rows_until_the_end_or_ready(client)
    assert 0 < seen <= DAY
    assert denied > 0


def cancel(house: House, key: answers.BackendKeyData) -> None:
    with RawClient(house.thread.addresses[0]) as other:
        request = CancelRequest(process_id=key.process_id, secret=key.secret)
        other.socket.sendall(request.encode())
        assert other.socket.recv(1) == b""


def some_rows(client: RawClient, wanted: int) -> int:
    """Read so many rows, or up to the end."""
    count = 0
    while count < wanted and (message := client.read()) is not None:
        count += isinstance(message, answers.DataRow)
    return count


def rows_until_the_end_or_ready(client: RawClient) -> int:
    return sum(isinstance(one, answers.DataRow) for one in client.until_ready())


def test_leaving_midway_gives_nothing_back(house: House) -> None:
    seen = 0
    with suppress(AssertionError):
        for _ in range(40):
            with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
                greeting = client.log_in(house.token(), ABROAD, options="")
                assert isinstance(greeting[-1], answers.ReadyForQuery)
                client.send(frontend.Query(sql=b"select id from videos limit 60"))
                seen += isinstance(client.read(), answers.RowDescription)
    assert seen <= DAY // 60 + 1


def test_a_restart_forgets_nothing(backend: Backend, tmp_path: Path, clock: Clock) -> None:
    counts = []
    for _ in range(4):
        with TallyFile(tmp_path / "day") as tally:
            house = make(tmp_path, backend, LIMITED, clock, tally)
            with house.run(), suppress(psycopg.OperationalError):
                counts.append(taken(house.connect(ABROAD)))
    assert counts == [ROWS, ROWS, DAY - 2 * ROWS]


def test_killed_at_any_moment_it_forgets_nothing(
    backend: Backend, tmp_path: Path, clock: Clock
) -> None:
    """What is on disk while rows are in flight is what a killed gateway begins with."""
    (tmp_path / "copy").mkdir()
    total = 0
    for moment in (3, 50, 90, 20, 99):
        with TallyFile(tmp_path / "day") as tally:
            house = make(tmp_path, backend, LIMITED, clock, tally)
            with house.run(), RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
                client.log_in(house.token(), ABROAD, options="")
                with suppress(ConnectionError, ssl.SSLError):
                    client.send(frontend.Query(sql=SLOW))
                    total += some_rows(client, moment)
                shutil.copy(tmp_path / "day", tmp_path / "copy" / "day")
        shutil.copy(tmp_path / "copy" / "day", tmp_path / "day")  # no orderly end ever was
    assert 0 < total <= DAY


def test_a_clock_turned_back_gives_no_second_day(house: House, clock: Clock) -> None:
    for _ in range(3):
        taken(house.connect(ABROAD))
    clock.turned = timedelta(days=-1)
    with pytest.raises(psycopg.OperationalError, match="a day is reached"):
        house.connect(ABROAD)
    clock.turned = timedelta(days=1)
    assert taken(house.connect(ABROAD)) == ROWS


def test_without_a_count_that_lasts_there_is_no_gateway(backend: Backend, tmp_path: Path) -> None:
    house = House(folder=tmp_path, backend=backend, policy=parse(LIMITED, "klover.yaml"))
    with pytest.raises(ConfigError, match="limit of a day"):
        house.gateway()


def test_when_the_count_cannot_be_kept_nothing_is_shown(
    backend: Backend, tmp_path: Path, clock: Clock
) -> None:
    def full(step: str) -> None:
        if step == "append":
            raise OSError(28, "No space left on device")

    with TallyFile(tmp_path / "day") as tally:
        tally.put(FRIDAY.date(), b"k" * 32, 1, 1)
    with TallyFile(tmp_path / "day", failpoint=full) as tally:
        house = make(tmp_path, backend, LIMITED, clock, tally)
        with house.run(), raw(house) as client:
            client.send(frontend.Query(sql=b"select id from videos"))
            rows, (_, sqlstate, _) = rows_until_the_end(client)
    assert (rows, sqlstate) == (0, "57P03")


# One gateway at a door ---------------------------------------------------------------------------


def seats(house: House) -> int:
    """Count the gateways' own sessions on the standby, and end none."""
    return int(on_standby(house, "select count(*) from pg_stat_activity where {seat}"))


def on_standby(house: House, query: str) -> str:
    backend = house.backend
    owner = f"host={backend.host} port={backend.port} user={OWNER} dbname={backend.database}"
    with connect(owner, what="the standby") as connection:
        seat = f"usename = '{SEAT}' and application_name = 'klover seat'"
        row = connection.execute(query.replace("{seat}", seat).encode()).fetchone()
    assert row is not None
    return str(row[0])


def let_in_again(house: House) -> Connection:
    """Connect once the gateway has its seat: the server knows of it a moment before it does."""
    found: list[Connection] = []

    def let_in() -> bool:
        with suppress(psycopg.OperationalError):
            found.append(house.connect(ABROAD))
        return bool(found)

    until(let_in)
    assert seats(house) == 1
    return found[0]


def test_a_second_gateway_with_counts_of_its_own_does_not_start(
    house: House, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert seats(house) == 1
    with TallyFile(other / "day") as tally:
        second = make(other, house.backend, LIMITED, clock, tally)
        with monkeypatch.context() as once:
            once.setattr("klover.gateway.seat._TRIES", 2)
            with pytest.raises(ConfigError, match=f"Another gateway serves {ABROAD}"), second.run():
                pass
        assert taken(house.connect(ABROAD)) == ROWS, "the first goes on"
        house.thread.stop()
        with second.run():
            assert taken(second.connect(ABROAD)) == ROWS


def test_whoever_loses_its_seat_lets_nobody_in_until_it_has_it_again(house: House) -> None:
    with house.connect(ABROAD) as inside, house.connect() as other:
        on_standby(
            house, "select count(pg_terminate_backend(pid)) from pg_stat_activity where {seat}"
        )
        with pytest.raises(errors.AdminShutdown, match="can no longer be counted here"):
            inside.execute("select pg_sleep(120)")
        assert other.execute("select 1").fetchone() == (1,), "a door without such a limit"
    assert taken(let_in_again(house)) == ROWS
    house.thread.stop()
    assert "count lost" in {one.reason for one in house.recorded(SessionClosed)}


def test_a_gateway_without_a_seat_lets_nobody_in(
    server: Server, backend: Backend, tmp_path: Path, clock: Clock
) -> None:
    with (
        connect(server.dsn(), what="the primary") as owner,
        TallyFile(tmp_path / "day") as tally,
    ):
        house = make(tmp_path, backend, LIMITED, clock, tally)
        with ExitStack() as shut:
            shut.enter_context(without_login(owner, house))
            with house.run():
                with pytest.raises(psycopg.OperationalError, match="another gateway may be count"):
                    house.connect(ABROAD)
                assert [one.reason for one in house.recorded(Denial)] == [
                    "another gateway may be counting the days of this audience"
                ]
                shut.close()
                assert taken(let_in_again(house)) == ROWS


def test_a_seat_of_a_role_that_was_dropped_is_none(
    server: Server, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second gateway could sit down under the role that has its name now."""
    monkeypatch.setattr("klover.gateway.seat._LOOK_SECONDS", 0.2)
    on_standby(house, "select count(pg_terminate_backend(pid)) from pg_stat_activity where {seat}")
    whose = "select coalesce(max(usesysid::text), '') from pg_stat_activity where {seat}"
    until(lambda: on_standby(house, whose) != "")
    before = on_standby(house, whose)
    with connect(server.dsn(house.backend.database), what="the primary") as owner:
        owner.execute(f"drop owned by {SEAT}; drop role {SEAT}".encode())
        schema = DOORS[ABROAD].schema
        owner.execute(
            f"create role {SEAT} login connection limit 1 in role klover_session;"
            f"grant usage on schema {schema} to {SEAT};"
            f"grant select on all tables in schema {schema} to {SEAT}".encode()
        )
    until(lambda: on_standby(house, whose) not in {"", before})


@contextmanager
def without_login(owner: Connection, house: House) -> Iterator[None]:
    """Keep everybody from the seat for a while, on the standby too."""
    may = f"select rolcanlogin::text from pg_roles where rolname = '{SEAT}'"
    owner.execute(f"alter role {SEAT} nologin".encode())
    try:
        until(lambda: on_standby(house, may) == "false")
        yield
    finally:
        owner.execute(f"alter role {SEAT} login".encode())


# Entry --------------------------------------------------------------------------------------------


@pytest.fixture
def entry(backend: Backend, tmp_path: Path, clock: Clock) -> Iterator[House]:
    with TallyFile(tmp_path / "day") as tally:
        made = make(tmp_path, backend, ENTRY, clock, tally)
        with made.run():
            yield made


def enter(house: House, listener: int = 1, **claims: object) -> Connection:
    held = claims or {"department": ["cx"]}
    return house.connect(ABROAD, listener, password=house.token(claims=held))


def test_whoever_has_the_claim_and_sits_in_the_network_enters_in_time(entry: House) -> None:
    with enter(entry) as client:
        assert client.execute("select 1").fetchone() == (1,)
    assert entry.recorded(SessionOpened)[0].evidence[-1] == f"time zones {zones.edition()}"
    with enter(entry, department="support") as client:
        assert client.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("listener", "claims", "words"),
    [
        (1, {"other": "x"}, "claim department holds none of cx, support"),
        (1, {"department": "cxx"}, "claim department holds none of cx, support"),
        (1, {"department": {"cx": True}}, "claim department holds none of cx, support"),
        (1, {"department": "cx support"}, "claim department holds none of cx, support"),
        (0, {}, "the network address is in none of its networks"),
        (2, {}, "the network address is in none of its networks"),
    ],
)
def test_others_do_not(entry: House, listener: int, claims: dict[str, object], words: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=words):
        enter(entry, listener, **claims)
    assert words in entry.recorded(Denial)[0].reason


def test_nobody_enters_out_of_hours(entry: House, clock: Clock) -> None:
    clock.turned = timedelta(days=1)
    with pytest.raises(psycopg.OperationalError, match="open Mon-Fri 08:00-18:00 UTC only"):
        enter(entry)


def test_a_session_ends_when_the_hours_do(
    entry: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klover.gateway.deadline._LOOK_SECONDS", 0.05)
    token = entry.token(claims={"department": ["cx"]}, lifetime=timedelta(hours=8))
    with entry.connect(ABROAD, 1, password=token) as client:
        assert client.execute("select 1").fetchone() == (1,)
        clock.turned = timedelta(hours=6)
        with pytest.raises(errors.AdminShutdown, match="hours of this audience are over"):
            client.execute("select pg_sleep(120)")
    entry.thread.stop()
    assert entry.recorded(SessionClosed)[0].reason == "hours over"


def asking(backend: Backend, folder: Path, clock: Clock, requires: str) -> House:
    """Make a house where engineers abroad are asked for something."""
    text = POLICY.replace(
        "    identifiers: pseudonymised\n",
        f"    identifiers: pseudonymised\n    requires: {{{requires}}}\n",
    )
    return House(folder=folder, backend=backend, policy=parse(text, "klover.yaml"), now=clock)


def test_what_needs_an_approval_says_that_none_can_be_given(
    backend: Backend, tmp_path: Path, clock: Clock
) -> None:
    house = asking(backend, tmp_path, clock, "approvals: 1")
    words = "audience engineering-abroad: it needs an approval, and approvals cannot be given yet"
    with house.run():
        with pytest.raises(psycopg.OperationalError, match=f"Denied: {words}.$"):
            house.connect(ABROAD, password=house.token(groups=["engineering"]))
        assert house.recorded(Denial)[0].reason == words


@pytest.mark.parametrize("turned", [timedelta(seconds=61), timedelta(days=400)])
def test_a_session_ends_in_the_middle_of_a_result_when_it_expires(
    backend: Backend,
    tmp_path: Path,
    clock: Clock,
    turned: timedelta,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the token would still allow, and however far the clock is set forward."""
    monkeypatch.setattr("klover.gateway.deadline._LOOK_SECONDS", 0.05)
    house = asking(backend, tmp_path, clock, "expires: 1m")
    with house.run(), raw(house) as client:
        client.send(frontend.Query(sql=ENDLESS))
        assert some_rows(client, 20) == 20
        clock.turned = turned
        _, (severity, sqlstate, sentence) = rows_until_the_end(client)
        assert (severity, sqlstate) == ("FATAL", "57P01")
        assert sentence == "The permit or the token has expired; log in and connect again."
        until(lambda: on_standby(house, RUNNING) == "0")
        house.thread.stop()
    assert house.recorded(SessionClosed)[0].reason == "permit expired"


ENDLESS = b"select generate_series(1, 100000000), pg_sleep(0.0005)"
RUNNING = """
select count(*) from pg_stat_activity
 where query like '%pg_sleep(0.0005)%' and pid <> pg_backend_pid()
"""


def test_a_purpose_is_one_of_the_list_to_the_letter(
    backend: Backend, tmp_path: Path, clock: Clock
) -> None:
    house = asking(backend, tmp_path, clock, "purpose: [abuse, legal], reference: 'A-[0-9]+'")
    with house.run():
        for purpose, reference, words in (
            ("Abuse", "A-1", "needs a purpose, one of abuse, legal"),
            ("abuse\\ ", "A-1", "needs a purpose"),
            ("abuse,legal", "A-1", "needs a purpose"),
            ("", "A-1", "needs a purpose"),
            ("abuse", "A-1\\\n", "has not the form"),
            ("abuse", "a-1", "has not the form"),
            ("abuse", "xA-1", "has not the form"),
            ("abuse", "A-" + "1" * 200, "at most 128 characters"),
            ("abuse", "", "at most 128 characters"),
        ):
            options = f"-c klover.purpose={purpose} -c klover.reference={reference}"
            with pytest.raises(psycopg.OperationalError, match=words) as refused:
                house.connect(ABROAD, options=options)
            assert "You can enter as" not in str(refused.value)
        options = "-c klover.purpose=nonsense -c klover.purpose=legal -c klover.reference=A-1"
        with house.connect(ABROAD, options=options):
            assert house.recorded(SessionOpened)[0].purpose == "legal"
