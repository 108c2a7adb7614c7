"""The day's count of a real gateway: killed in the middle of results, and beside a second one."""

import json
import shutil
import signal
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from doubles.deployed import Deployed, klover, up
from doubles.ports import free_ports
from doubles.raw_client import RawClient, error_of
from klover.demo.deployment import ISSUER, TOKEN_AUDIENCE
from klover.demo.ground import DATABASE, OFFICES
from klover.gateway.token import issue
from klover.log.tally import TallyFile
from klover.store.connect import connect
from klover.wire import backend as answers, frontend

pytestmark = [pytest.mark.xdist_group("one-deployment"), pytest.mark.timeout(600)]

AUDIENCE, ROWS, BYTES = "engineering-china", 2000, 1_000_000
_BEFORE = """  engineering-china:
    who: {groups: [engineering], located: [CN]}
    sees: [interoperable, public]
    identifiers: pseudonymised
"""
LIMITED = (_BEFORE, f"{_BEFORE}    limits: {{day: {{rows: {ROWS}, bytes: {BYTES // 1000} kB}}}}\n")
ROW = "select n, repeat('x', 100), pg_sleep({}) from generate_series(1, 100000) as n"
_MORE = 150
"""Rows that the store sends beyond one that is awaited: it sends 8 kB at a time."""


def slow(moment: int) -> frontend.Query:
    """Ask for rows that come slowly, and more slowly still once so many are on their way."""
    pause = f"case when n < {moment + _MORE} then 0.0005 else 0.05 end"
    return frontend.Query(sql=ROW.format(pause).encode())


@pytest.fixture(autouse=True)
def within_a_day() -> None:
    """Begin after midnight where it is near: a gateway's days are the world's."""
    while (now := datetime.now(UTC)).date() != (now + timedelta(minutes=4)).date():
        time.sleep(1)


def enter(house: Deployed, port: int) -> tuple[RawClient, list[answers.Backend]]:
    """Log in as an engineer in Beijing; tells what came up to the first answer."""
    token = issue(
        (house.folder / "keys" / "issuer.key").read_text(),
        issuer=ISSUER,
        audience=TOKEN_AUDIENCE,
        subject="lin",
        groups=["engineering"],
        country="CN",
        now=datetime.now(UTC),
        lifetime=timedelta(hours=1),
    )
    client = RawClient(("127.0.0.1", port)).encrypt(house.folder / "tls" / "root.pem")
    return client, client.log_in(token, AUDIENCE, options="")


def configured(house: Deployed, name: str, ports: dict[str, int] | None = None) -> Path:
    """Write a deployment with the limit, a log of its own, and ports of its own if any."""
    house.policy(name, LIMITED)
    changes = [
        (rf"^port = {house.ground.ports[office]}$", f"port = {port}")
        for office, port in (ports or {}).items()
    ]
    return house.variant(
        name,
        (r"^policy = .*$", f'policy = "{name}.yaml"'),
        (r'^directory = "log"$', f'directory = "{name}-log"'),
        (r'^keys = "keys"$', f'keys = "{name}-keys"'),
        *changes,
    )


def counted(log: Path) -> tuple[int, int]:
    """Tell the rows and bytes that the file of the day counts, of its one principal."""
    with TallyFile(log / "spool" / "gateway" / "day") as tally:
        (count,) = tally.read()[1].values()
    return count


def alone(house: Deployed) -> None:
    """Wait until the server has let every gateway's seat go: a new one asks for it for 3 s only."""
    seats = "select count(*) from pg_stat_activity where application_name = 'klover seat'"
    until = time.monotonic() + 120
    with connect(house.ground.standby.dsn(DATABASE), what="the standby") as standby:
        while standby.execute(seats).fetchone() != (0,):
            assert time.monotonic() < until, "a gateway that has ended keeps its seat"
            time.sleep(0.05)


def test_killed_in_the_middle_of_a_result_the_day_goes_on_where_it_was(house: Deployed) -> None:
    config = configured(house, "killed")
    log = house.folder / "killed-log"
    delivered_rows = delivered_bytes = starts = 0
    counts = [(0, 0)]
    for moment in (1, 900, 40, 1500, 1500):
        starts += 1
        alone(house)
        with up("--config", config, *(["--count-anew"] if starts == 1 else [])) as gateway:
            client, greeting = enter(house, house.ground.ports["Beijing"])
            with client:
                if not isinstance(greeting[-1], answers.ReadyForQuery):
                    assert error_of(greeting)[1] == "54000"
                    break
                client.send(slow(moment))
                rows = 0
                while (message := client.read()) is not None:  # what was on its way comes, too
                    rows += isinstance(message, answers.DataRow)
                    delivered_bytes += len(message.encode())
                    if rows == moment and gateway.process.poll() is None:
                        gateway.process.send_signal(signal.SIGKILL)
                        gateway.process.wait()
        delivered_rows += rows
        counts.append(counted(log))
        assert delivered_rows <= counts[-1][0]
        assert delivered_bytes <= counts[-1][1]
    else:
        pytest.fail("the day never ended")
    assert starts > 3
    assert ROWS * 3 // 4 < delivered_rows <= ROWS, "and a crash costs little"
    assert delivered_bytes <= BYTES
    assert all(one <= other for one, other in pairwise(counts)), "a count never falls"


def test_a_second_gateway_with_a_log_of_its_own_counts_nobody_a_second_day(house: Deployed) -> None:
    first = configured(house, "first")
    ports = dict(zip(OFFICES, free_ports(len(OFFICES)), strict=True))
    second = configured(house, "second", ports)
    alone(house)
    with up("--config", first, "--count-anew") as gateway:
        klover("up", "--config", second).refused(2, f"Another gateway serves {AUDIENCE}")
        client, greeting = enter(house, house.ground.ports["Beijing"])
        with client:
            assert isinstance(greeting[-1], answers.ReadyForQuery), "the first one goes on"
        assert gateway.end().code == 0


def test_another_folder_or_an_older_copy_begins_no_day_anew_in_silence(house: Deployed) -> None:
    first = configured(house, "here")
    second = configured(house, "there")
    alone(house)
    with up("--config", first, "--count-anew") as gateway:
        assert gateway.end().code == 0
    alone(house)
    shutil.copytree(house.folder / "here-log", house.folder / "copied-log")
    with up("--config", first) as gateway:
        assert gateway.end().code == 0
    copied = house.variant(
        "copied",
        (r"^policy = .*$", 'policy = "here.yaml"'),
        (r'^directory = "log"$', 'directory = "copied-log"'),
        (r'^keys = "keys"$', 'keys = "here-keys"'),
    )
    for config in (second, copied):
        alone(house)
        words = f"The days of {AUDIENCE} are counted in another folder, or a later state of this"
        klover("up", "--config", config).refused(2, words, "--count-anew")
    alone(house)
    with up("--config", second, "--count-anew") as gateway:
        client, greeting = enter(house, house.ground.ports["Beijing"])
        with client:
            assert isinstance(greeting[-1], answers.ReadyForQuery)
        assert gateway.end().code == 0
    shown = klover("log", "show", "--kind", "counts-begun", "--json", "--config", second)
    assert json.loads(shown.out)["doors"] == [AUDIENCE]
    alone(house)
    klover("up", "--config", first).refused(2, "--count-anew")
    alone(house)
    with up("--config", second) as gateway:
        assert gateway.end().code == 0
