"""Real clients through the gateway, before a hand-made door on a real standby."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.gateway_house import House, hand_made_doors
from klover.config import Backend
from klover.event import Completion, Intent, SessionClosed, SessionOpened
from klover.store.embedded import Server


@pytest.fixture(scope="module")
def backend(server: Server, standby: Server) -> Iterator[Backend]:
    with hand_made_doors(server, standby) as found:
        yield found


@pytest.fixture
def house(backend: Backend, tmp_path: Path) -> Iterator[House]:
    made = House(folder=tmp_path, backend=backend)
    with made.run():
        yield made


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
    assert opened.evidence == ("claim IE", "simulated network 10.20.0.0/16 IE")
    assert closed.statements == 1
