"""Doors are made beside an autovacuum of a large table: it gives way, as it does to any change."""

import time
from collections.abc import Iterator

import pytest

from doubles.demo_doors import open_doors
from doubles.tiny_doors import make_tables, tiny_doors
from klover.door.rehearse import Limits, rehearse
from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

SLOW = {
    "autovacuum_naptime": "1s",
    "autovacuum_vacuum_cost_delay": "100ms",
    "autovacuum_vacuum_cost_limit": "1",
    "autovacuum_vacuum_scale_factor": "0",
    "deadlock_timeout": "10min",
}
"""An autovacuum that needs half a minute for what is large here, and gives way to nobody by itself:
whoever waits has to look for a deadlock sooner than the server says."""
MIGRATION = "alter table posts add column caption text"
AT_WORK = """
select exists (select from pg_locks l join pg_stat_activity a on a.pid = l.pid
                where a.backend_type = 'autovacuum worker' and l.granted
                  and l.relation = 'public.posts'::regclass
                  and l.mode = 'ShareUpdateExclusiveLock')
"""


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[Server]:
    with embedded.scratch(name="test", binaries=binaries, settings=SLOW) as running:
        yield running


@pytest.fixture
def busy(dsn: str) -> Iterator[Connection]:
    """Wait until an autovacuum is at work on a table that doors will change."""
    with connect(dsn, what="the enclave") as owner:
        make_tables(owner)
        owner.execute(
            "insert into public.posts select g, 1 + g % 2, true, repeat('x', 400), 1"
            " from generate_series(100, 3000) g"
        )
        owner.execute("update public.posts set score = 2")
        deadline = time.monotonic() + 120
        while owner.execute(AT_WORK).fetchone() != (True,):
            assert time.monotonic() < deadline, "no autovacuum came"
            time.sleep(0.02)
        yield owner


def test_an_autovacuum_gives_way_to_a_change_of_the_doors(busy: Connection) -> None:
    """It is asked to once a deadlock was looked for: before, a lock was waited for no longer."""
    assert open_doors(busy, tiny_doors(busy)).steps


def test_it_gives_way_to_a_rehearsal(busy: Connection) -> None:
    done = rehearse(busy, MIGRATION, lambda: None, limits=Limits(lock=10))
    assert [each.subject for each in done.drift] == ["posts.caption"]
