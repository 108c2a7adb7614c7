"""What the files of a server say and it has not taken yet, or what only a primary with doors minds.

A library that ``ALTER SYSTEM`` wrote is loaded at the next start, and nothing in ``pg_settings``
tells of it before. A transaction that a session prepared outlives it.
"""

from collections.abc import Iterator

import pytest

from doubles.attack import LIFT, SLUG
from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from doubles.enclave import log_in
from klover import door
from klover.policy.resolved import Resolved
from klover.store import embedded
from klover.store.access import write_access
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

Held = tuple[Connection, Resolved, Server]
COMING = {
    "a library": ("shared_preload_libraries = 'spy'", "shared_preload_libraries spy"),
    "a library for sessions": ("session_preload_libraries = 'spy'", "session_preload_libraries"),
    "what compiles": ("jit_provider = 'spy'", "jit_provider spy: the server takes code from there"),
    "a folder of code": ("dynamic_library_path = '/tmp'", "dynamic_library_path /tmp"),
    "large objects for all": ("lo_compat_privileges = on", "opens every large object"),
    "no foreign keys": ("session_replication_role = replica", "no foreign key was asked for"),
}


@pytest.fixture(scope="module")
def held(binaries: Binaries) -> Iterator[Held]:
    settings = {"max_prepared_transactions": "3"}
    with (
        embedded.scratch(name="coming", binaries=binaries, settings=settings) as running,
        connect(running.dsn(), what="the test server") as connection,
    ):
        load_application(connection)
        resolved = resolve(connection)
        open_doors(connection, compiled(connection, resolved))
        yield connection, resolved, running


def violations(held: Held, *, on_standby: bool = True) -> list[str]:
    connection, resolved, _ = held
    proof = door.prove(connection, resolved, TODAY, on_standby=on_standby)
    return [f"{fact.who} {fact.what}: {fact.why}" for fact in proof.violations]


@pytest.mark.parametrize(("setting", "found"), COMING.values(), ids=COMING.keys())
def test_what_a_file_has_ready_is_found_before_it_is_taken(
    held: Held, setting: str, found: str
) -> None:
    connection, _, _ = held
    connection.execute(f"alter system set {setting}".encode())
    try:
        told = violations(held)
    finally:
        connection.execute(f"alter system reset {setting.partition(' ')[0]}".encode())
    assert any(found in each and "next start" in each for each in told), told
    assert not violations(held)


def test_a_file_may_say_no_in_other_words(held: Held) -> None:
    """Postgres takes `false`, `no` and `0` where it tells `off`."""
    _, _, server = held
    file = server.data / "postgresql.conf"
    before = file.read_text()
    file.write_text(
        f"{before}allow_system_table_mods = false\nzero_damaged_pages = no\n"
        "lo_compat_privileges = 0\narchive_mode = NO\narchive_command = 'cp %p /mnt/%f'\n"
    )
    try:
        told = violations(held)
        file.write_text(f"{before}lo_compat_privileges = 1\n")
        opened = violations(held)
    finally:
        file.write_text(before)
    assert not told
    assert any("opens every large object" in each for each in opened), opened


def test_an_archive_to_come_needs_a_place_already(held: Held) -> None:
    connection, _, _ = held
    connection.execute("alter system set archive_mode = on")
    connection.execute("alter system set archive_command = 'cp %p /mnt/%f'")
    try:
        told = violations(held)
    finally:
        connection.execute("alter system reset archive_mode")
        connection.execute("alter system reset archive_command")
    assert any("archive of the write-ahead log" in each for each in told), told


def test_a_transaction_that_outlives_its_session_is_found(held: Held) -> None:
    """On a primary it holds its locks for good; no privilege keeps a session from it."""
    connection, _, server = held
    write_access(server.data, server.binaries, sessions=True)
    connection.execute("select pg_reload_conf()")
    with log_in(server.dsn(connection.info.dbname, f"klover_s_{SLUG}_01")) as session:
        session.execute(LIFT)
        session.execute("begin")
        session.execute("select count(*) from accounts")
        session.execute("prepare transaction 'left'")
    try:
        told = violations(held, on_standby=False)
    finally:
        connection.execute("rollback prepared 'left'")
        write_access(server.data, server.binaries, sessions=False)
        connection.execute("select pg_reload_conf()")
    assert any("a prepared transaction: holds its locks" in each for each in told), told
    assert any("max_prepared_transactions 3: a session may leave" in each for each in told), told
    assert not violations(held)
