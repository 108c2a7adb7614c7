"""A suspended door at the gateway: who is inside is sent out and told, who comes is not let in."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from doubles.gateway_house import DOORS, House, hand_made_doors, replicate, until
from klover.config import Backend
from klover.event import Denial, SessionClosed, SessionOpened
from klover.gateway.watch import ROLE
from klover.policy.plate import Plate
from klover.store.connect import connect
from klover.store.embedded import Server

SINCE = "2026-11-24T01:00:00Z"


@pytest.fixture
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with connect(server.dsn(), what="the test server") as owner:
        owner.execute(
            f"do $$ begin create role {ROLE} login in role klover_session;"
            " exception when duplicate_object then null; end $$"
        )
    with hand_made_doors(server, standby) as backend:
        yield backend


@pytest.fixture
def house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    house = House(folder=tmp_path, backend=backend)
    with house.run():
        yield house


def write_plate(server: Server, backend: Backend, audience: str, plate: Plate) -> None:
    with connect(server.dsn(backend.database), what="the primary") as owner:
        owner.execute(f"comment on schema {DOORS[audience].schema} is '{quoted(plate)}'".encode())
    replicate(server, backend)


def quoted(plate: Plate) -> str:
    return plate.text().replace("'", "''")


def test_sessions_of_a_suspended_door_end_and_others_go_on(server: Server, house: House) -> None:
    write_plate(server, house.backend, "engineering-abroad", Plate(version=3))
    with house.connect() as other, house.connect("engineering-abroad", 1) as inside:
        assert inside.execute("select count(*) from accounts").fetchone() == (1000,)
        assert [each.door_version for each in house.recorded(SessionOpened)] == [0, 3]
        closed = Plate(version=3, suspended=SINCE)
        write_plate(server, house.backend, "engineering-abroad", closed)
        with pytest.raises(psycopg.OperationalError, match=f"suspended since {SINCE}"):
            inside.execute("select pg_sleep(120)")
        assert other.execute("select count(*) from accounts").fetchone() == (1000,)
        until(lambda: bool(house.recorded(SessionClosed)))
        assert [each.reason for each in house.recorded(SessionClosed)] == ["door suspended"]
        with pytest.raises(psycopg.OperationalError, match=f"suspended since {SINCE}"):
            house.connect("engineering-abroad", 1)
        (denial,) = house.recorded(Denial)
        assert denial.reason == f"the door is suspended since {SINCE}"
    write_plate(server, house.backend, "engineering-abroad", Plate(version=4))
    again = house.connect("engineering-abroad", 1)
    assert again.execute("select count(*) from accounts").fetchone() == (1000,)
    again.close()
    assert house.recorded(SessionOpened)[-1].door_version == 4


def test_a_gateway_whose_watch_cannot_log_in_still_serves(
    server: Server, standby: Server, tmp_path: Path
) -> None:
    with connect(server.dsn(), what="the test server") as owner:
        owner.execute(f"drop role if exists {ROLE}")
    with hand_made_doors(server, standby) as backend:
        house = House(folder=tmp_path, backend=backend)
        with house.run(), house.connect() as client:
            assert client.execute("select count(*) from accounts").fetchone() == (1000,)
