"""Rows that Postgres' own logical replication brings into the enclave have their pseudonyms."""

import time
import uuid
from collections.abc import Iterator

import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from klover import door
from klover.errors import StoreError
from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server


@pytest.fixture(scope="module")
def source(binaries: Binaries) -> Iterator[Server]:
    with embedded.scratch(name="source", binaries=binaries) as running:
        with connect(running.dsn(), what="the source") as connection:
            connection.execute("alter system set wal_level = logical")
        running.stop()
        access = running.data / "pg_hba.conf"  # the enclave's server asks, as a user of its own
        access.write_text("local all klover trust\n" + access.read_text())
        again = embedded.start(name="source", data=running.data, binaries=binaries)
        try:
            yield again
        finally:
            again.stop()


@pytest.fixture
def origin(source: Server) -> str:
    """Tell the connection string of a fresh database at the source."""
    name = f"origin_{uuid.uuid4().hex[:12]}"
    with connect(source.dsn(), what="the source") as connection:
        connection.execute(f"create database {name}".encode())
    return source.dsn(name)


COPYING = "select count(*) from pg_subscription_rel where srsubstate <> 'r'"
"""Every table is copied at first, a few at a time, by processes that hold locks on them."""


def wait(connection: Connection, query: str, wanted: object) -> None:
    """Ask until the answer is there: replication tells nobody when it has arrived."""
    deadline = time.monotonic() + 120
    while (found := connection.execute(query.encode()).fetchone()) != (wanted,):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_replicated_rows_have_theirs(origin: str, database: Connection) -> None:
    database.execute(SCHEMA.encode())
    open_doors(database, compiled(database, resolve(database, POLICY), 1))
    with connect(origin, what="the source") as there:
        there.execute(SCHEMA.encode())
        there.execute(ROWS.encode())
        there.execute("create publication home for all tables")
        database.execute(
            f"create subscription home connection '{origin}' publication home".encode()
        )
        try:
            wait(database, COPYING, 0)
            there.execute("insert into public.statuses values (12, 3, 'later')")
            there.execute("update public.statuses set account_id = 3 where id = 10")
            there.execute("insert into public.visits values ('2026-07-01', 3)")
            there.execute("insert into public.chats values (9, '{3,null}')")
            wait(database, "select count(*) from public.chats where id = 9", 1)
        finally:
            database.execute("drop subscription home")
    key = key_of(database, "abroad")
    jane = pseudonym(key, "accounts", "3")
    rows = set(seen(database, "abroad", "select id, account_id from statuses"))
    assert (pseudonym(key, "statuses", "12"), jane) in rows
    assert (pseudonym(key, "statuses", "10"), jane) in rows
    assert (jane,) in seen(database, "abroad", "select account_id from visits")
    assert seen(database, "abroad", "select member_ids from chats where id = 9") == [
        ([jane, None],)
    ]
    query = "select count(*) from teams join players using (region)"
    assert seen(database, "abroad", query) == [(3,)]
    assert not door.prove(database, resolve(database, POLICY), TODAY).violations


KEYLESS = (
    SCHEMA.replace(
        "create table public.chats (id int primary key", "create table public.chats (id int"
    )
    + """
alter table public.chats replica identity full;
alter table public.films add primary key (id);
"""
)


def test_where_changes_would_be_lost_there_are_no_doors(origin: str, database: Connection) -> None:
    """Without a key a changed row is found by all of its columns, and ours were never sent."""
    policy = POLICY.replace("  chats:\n", "  chats:\n    key: id\n")
    database.execute(KEYLESS.encode())
    with connect(origin, what="the source") as there:
        there.execute(KEYLESS.encode())
        there.execute(ROWS.encode())
        there.execute("create publication keyless for all tables")
        database.execute(
            f"create subscription keyless connection '{origin}' publication keyless".encode()
        )
        try:
            wait(database, COPYING, 0)
            doors = compiled(database, resolve(database, policy), 1)
            for attempt in (open_doors, lambda c, d: door.prepare(c, d, small=0)):
                with pytest.raises(StoreError, match=r"feeds chats, which has no primary key"):
                    attempt(database, doors)
            database.execute("alter table public.chats add primary key (id)")
            open_doors(database, compiled(database, resolve(database, policy), 1))
            there.execute("update public.chats set member_ids = '{3}' where id = 1")
            there.execute("delete from public.chats where id = 4")
            wait(database, "select count(*) from public.chats", 3)
            key = key_of(database, "abroad")
            wait(
                database,
                f"select count(*) from door_abroad.chats where id = 1"
                f" and member_ids = array['{pseudonym(key, 'accounts', '3')}'::uuid]",
                1,
            )
            database.execute("alter table public.chats drop constraint chats_pkey")
            proof = door.prove(database, resolve(database, policy), TODAY)
            assert any(
                fact.what == "chats" and "no primary key" in fact.why for fact in proof.violations
            )
        finally:
            database.execute("drop subscription keyless")
