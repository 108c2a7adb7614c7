"""Sessions that must not outlive what let them in, nor meet one another, nor go unrecorded."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from doubles.gateway_house import DOORS, PATIENT, House, hand_made_doors, until
from doubles.gateway_thread import GatewayThread
from doubles.memory_recorder import MemoryRecorder
from doubles.raw_client import RawClient, error_of
from klover.config import Backend, Listener
from klover.errors import ConfigError, InputError
from klover.event import Completion, Intent, SessionClosed, SessionOpened
from klover.gateway.door import DoorAddress
from klover.store.access import OWNER
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.wire import backend as answers, frontend
from klover.wire.startup import SSLRequest

ONE_ROLE = {
    "trust-and-safety": DoorAddress(
        schema="door_trust_and_safety", session_roles=("klover_s_gate_ts_01",)
    )
}


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


@pytest.fixture
def house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    made = House(folder=tmp_path, backend=backend)
    with made.run():
        yield made


class HeldRecorder(MemoryRecorder):
    """A recorder whose flush waits for ``go`` once ``hold`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.hold = threading.Event()
        self.held = threading.Event()
        self.go = threading.Event()

    def flush(self) -> int:
        if self.hold.is_set():
            self.held.set()
            assert self.go.wait(PATIENT)
        return super().flush()


def test_no_byte_leaks_while_the_record_stalls(backend: Backend, tmp_path: Path) -> None:
    recorder = HeldRecorder()
    house = House(folder=tmp_path, backend=backend, recorder=recorder)
    with house.run(), RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        recorder.hold.set()
        client.send(frontend.Query(sql=b"select email from accounts where id = 1"))
        assert recorder.held.wait(PATIENT)
        client.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.read()
        assert recorder.durable == 1, "only the session itself"
        recorder.go.set()
        client.socket.settimeout(PATIENT)
        assert b"person1@example.org" in b"".join(one.encode() for one in client.until_ready())


def test_when_the_record_fails_every_session_ends_and_nobody_is_let_in(
    backend: Backend, tmp_path: Path
) -> None:
    recorder = MemoryRecorder()
    house = House(folder=tmp_path, backend=backend, recorder=recorder)
    with house.run(), house.connect() as first, house.connect() as second:
        recorder.fail_flush_at = recorder.flushes
        with pytest.raises(errors.CannotConnectNow, match="on record"):
            first.execute("select email from accounts")
        with pytest.raises(psycopg.OperationalError):
            second.execute("select 1")
        with pytest.raises(psycopg.OperationalError, match="on record"):
            house.connect()


def test_a_session_ends_with_its_token(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klover.gateway.deadline._LOOK_SECONDS", 0.05)
    turned = [timedelta()]
    house = House(folder=tmp_path, backend=backend, now=lambda: datetime.now(UTC) + turned[0])
    with house.run(), house.connect() as client:
        assert client.execute("select 1").fetchone() == (1,)
        turned[0] = timedelta(hours=2)  # its permit would last for eight
        with pytest.raises(errors.AdminShutdown, match="expired"):
            client.execute("select pg_sleep(120)")
    (closed,) = house.recorded(SessionClosed)
    assert closed.reason == "permit expired"


def test_a_role_is_free_only_once_the_server_has_closed_its_session(
    backend: Backend, tmp_path: Path
) -> None:
    """A client that vanishes in the middle leaves a session behind until the server ends it."""
    house = House(folder=tmp_path, backend=backend, doors=ONE_ROLE)
    with house.run():
        for _ in range(5):
            with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
                client.log_in(house.token())
                client.send(frontend.Query(sql=b"select pg_sleep(600)"))
                house.wait_until_active()
            with house.connect() as next_one:  # it waits until the server has closed the other
                assert next_one.execute("select 1").fetchone() == (1,)
                assert _sessions(backend) == 1


def _sessions(backend: Backend) -> object:
    owner = f"host={backend.host} port={backend.port} user={OWNER} dbname=postgres"
    with connect(owner, what="the standby") as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where usename like 'klover_s_gate%'"
        ).fetchone()
    return row[0] if row else None


def test_two_sessions_never_share_a_role(house: House) -> None:
    audience = "engineering-abroad"
    clients = [house.connect(audience) for _ in DOORS[audience].session_roles]
    users = {str(client.execute("select session_user").fetchone()) for client in clients}
    assert len(users) == len(clients)
    for client in clients:
        client.close()
    opened = house.recorded(SessionOpened)
    assert {one.backend_role for one in opened} == set(DOORS[audience].session_roles)


def test_a_role_that_the_server_still_holds_is_passed_over(house: House, backend: Backend) -> None:
    first = DOORS["trust-and-safety"].session_roles[0]
    where = f"host={backend.host} port={backend.port} dbname={backend.database}"
    with psycopg.connect(f"{where} user={first}"), house.connect() as client:
        assert client.execute("select session_user").fetchone() != (first,)


def test_a_session_that_the_store_ends_is_recorded_and_told(house: House, backend: Backend) -> None:
    owner = f"host={backend.host} port={backend.port} user={OWNER} dbname=postgres"
    with house.connect() as client, connect(owner, what="the standby") as killer:
        client.execute("select 1")
        killer.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where usename like 'klover_s_gate%'"
        )
        with pytest.raises(psycopg.OperationalError):
            client.execute("select 1")
    house.thread.stop()
    assert house.recorded(SessionClosed)[0].reason == "store closed"


def test_a_client_that_vanishes_is_on_record_to_the_end(house: House) -> None:
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        client.send(frontend.Query(sql=b"select email from accounts"))
        client.socket.close()
    until(lambda: bool(house.recorded(SessionClosed)))
    house.thread.stop()
    assert [one.text for one in house.recorded(Intent)] == ["select email from accounts"]
    assert len(house.recorded(SessionClosed)) == 1


@pytest.mark.parametrize("extended", [False, True])
def test_what_was_shown_of_a_statement_that_never_ended_is_on_record(
    house: House, *, extended: bool
) -> None:
    """Whoever leaves before the last message has seen what came before it."""
    sql = b"select email, pg_sleep(0.001) from accounts, generate_series(1, 1000)"
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        if extended:
            client.send(
                frontend.Parse(name=b"", sql=sql),
                frontend.Bind(portal=b"", statement=b""),
                frontend.Execute(portal=b""),
                frontend.Sync(),
            )
        else:
            client.send(frontend.Query(sql=sql))
        seen = 0
        while seen < 300:
            seen += isinstance(client.read(), answers.DataRow)
    house.thread.stop()
    (done,) = house.recorded(Completion)
    (closed,) = house.recorded(SessionClosed)
    assert done.outcome == "unfinished"
    assert 300 <= done.rows == closed.rows
    assert "accounts.email" in done.columns


def test_stopping_tells_everybody_and_leaves_nothing(house: House, backend: Backend) -> None:
    address = house.thread.addresses[0]
    client = house.connect()
    client.execute("select 1")
    house.thread.stop()
    with pytest.raises(errors.AdminShutdown, match="shutting down"):
        client.execute("select 1")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    assert _sessions(backend) == 0
    assert house.recorded(SessionClosed)[0].reason == "gateway stopped"
    assert len(house.recorded(Completion)) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing but being let go: whoever is waited for is waited for longer than any test."""
    monkeypatch.setattr("klover.gateway.server._STOP_SECONDS", 3600.0)
    monkeypatch.setattr("klover.gateway.listen._HANDSHAKE_SECONDS", 3600.0)


def assert_stops(house: House) -> None:
    stopping = threading.Thread(target=house.thread.stop, daemon=True)
    stopping.start()
    stopping.join(PATIENT)
    assert not stopping.is_alive()


@pytest.mark.usefixtures("impatient")
def test_stopping_does_not_wait_for_those_who_only_knocked(
    backend: Backend, tmp_path: Path
) -> None:
    house = House(folder=tmp_path, backend=backend, login_seconds=3600)
    house.run().start()
    address = house.thread.addresses[0]
    with RawClient(address), RawClient(address) as asked, RawClient(address) as half:
        asked.socket.sendall(SSLRequest().encode())
        assert asked.socket.recv(1) == b"S"
        half.encrypt(house.root)
        assert_stops(house)


@pytest.mark.usefixtures("impatient")
def test_stopping_does_not_wait_for_those_who_knock_at_that_moment(tmp_path: Path) -> None:
    nowhere = Backend(host="/nonexistent", port=5432, database="app")
    for _ in range(8):
        house = House(folder=tmp_path, backend=nowhere, login_seconds=3600)
        house.run().start()
        with ExitStack() as knocking:
            for _ in range(20):
                knocking.enter_context(RawClient(house.thread.addresses[0]))
            assert_stops(house)


def test_a_slow_reader_does_not_fill_memory(house: House) -> None:
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        client.log_in(house.token())
        before = _resident()
        sql = b"select repeat('x', 1000) from accounts a, accounts b limit 300000"
        client.send(frontend.Query(sql=sql))
        house.wait_until_active("repeat")
        rows, total = 0, 0
        while total < 300_000_000:
            data = client.socket.recv(1 << 20)
            total += len(data)
            rows += 1
            if rows % 50 == 0:
                assert _resident() - before < 60_000_000
            if not data or data.endswith(b"Z\0\0\0\x05I"):
                break
    assert total > 300_000_000


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


# What is wrong before it starts ----------------------------------------------------------------


def test_a_port_in_use_is_one_sentence(backend: Backend, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        house = House(
            folder=tmp_path, backend=backend, listeners=(Listener(host="127.0.0.1", port=port),)
        )
        with pytest.raises(InputError, match=f"127.0.0.1:{port} is in use"):
            GatewayThread(house.gateway()).start()


def test_a_missing_certificate_is_one_sentence(backend: Backend, tmp_path: Path) -> None:
    house = House(folder=tmp_path, backend=backend)
    (tmp_path / "chain.pem").unlink()
    with pytest.raises(ConfigError, match="cannot be read as PEM"):
        house.gateway()


def test_a_store_over_a_network_is_refused(tmp_path: Path) -> None:
    remote = Backend(host="store.example", port=5432, database="app")
    with pytest.raises(ConfigError, match="unix socket"):
        House(folder=tmp_path, backend=remote).gateway()


def test_a_store_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    away = Backend(host=str(tmp_path), port=5432, database="app")
    house = House(folder=tmp_path, backend=away)
    with house.run(), pytest.raises(psycopg.OperationalError, match="cannot be reached"):
        house.connect()


def test_a_door_that_was_never_made_is_one_sentence(backend: Backend, tmp_path: Path) -> None:
    doors = {
        "trust-and-safety": DoorAddress(schema="door_nowhere", session_roles=("klover_s_none",)),
        "engineering-abroad": DoorAddress(
            schema="door_nowhere", session_roles=DOORS["engineering-abroad"].session_roles
        ),
    }
    house = House(folder=tmp_path, backend=backend, doors=doors)
    with house.run():
        with pytest.raises(psycopg.OperationalError, match="refused to open a session"):
            house.connect()
        with pytest.raises(psycopg.OperationalError, match="no views"):
            house.connect("engineering-abroad")


def test_an_error_before_the_session_is_one_error(house: House) -> None:
    with RawClient(house.thread.addresses[0]).encrypt(house.root) as client:
        found = client.log_in(house.token(), audience="nobody")
        assert error_of(found)[:2] == ("FATAL", "28000")
        assert client.read() is None
