"""Embedded servers: no port, nobody let in without the system's word, nothing left behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from klover.errors import SourceError, StoreError
from klover.store import embedded
from klover.store.access import SESSIONS
from klover.store.binaries import Binaries, find_binaries
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.store.replay import flushed_position, wait_replayed

CHILD = """
import sys
from klover.store import embedded
from klover.store.binaries import find_binaries
with embedded.scratch(name="child", binaries=find_binaries()) as server:
    print(server.process.pid, server.sockets, server.data, flush=True)
    sys.stdin.read()
"""


def start_child() -> tuple[subprocess.Popen[str], int, Path, Path]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    pid, sockets, data = child.stdout.readline().split()
    return child, int(pid), Path(sockets), Path(data)


def wait_gone(pid: int) -> None:
    """Wait for a process that is not our child, by its pidfd; at most 60 s."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], 60.0)[0], f"process {pid} still runs"
    finally:
        os.close(handle)


def close(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    child.wait(60)
    child.stdout.close()


def test_no_port_is_open(server: Server) -> None:
    with connect(server.dsn(), what="it") as connection:
        row = connection.execute("show listen_addresses").fetchone()
    assert row == ("",)


def test_a_stopped_server_leaves_no_process_and_no_folder() -> None:
    child, pid, sockets, data = start_child()
    close(child)
    wait_gone(pid)
    assert not sockets.exists()
    assert not data.parent.exists()


def test_a_server_dies_with_a_killed_parent() -> None:
    child, pid, sockets, data = start_child()
    try:
        child.send_signal(signal.SIGKILL)
        close(child)
        wait_gone(pid)
        assert not list(sockets.glob(".s.PGSQL.*"))
    finally:  # nobody is left who would take the folders away
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(data.parent, ignore_errors=True)


def test_the_standby_follows_and_refuses_writes(server: Server, standby: Server) -> None:
    with connect(server.dsn(), what="primary") as primary:
        primary.execute("create table if not exists public.followed (n int)")
        position = flushed_position(primary)
    with connect(standby.dsn(), what="standby") as reader:
        wait_replayed(reader, position)
        assert reader.execute("select count(*) from public.followed").fetchone() == (0,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("insert into public.followed values (1)")


def test_session_roles_enter_the_standby_only(server: Server, standby: Server) -> None:
    role = sql.Identifier(f"klover_s_test_{os.getpid()}")
    with connect(server.dsn(), what="primary") as primary:
        primary.execute(
            sql.SQL("create role {} login in role {}").format(role, sql.Identifier(SESSIONS))
        )
        position = flushed_position(primary)
    name = role.as_string().strip('"')
    try:
        with connect(standby.dsn(), what="standby") as reader:
            wait_replayed(reader, position)
        with connect(standby.dsn(user=name), what="standby") as session:
            assert session.execute("select current_user").fetchone() == (name,)
        with pytest.raises(SourceError, match=re.escape("pg_hba.conf rejects")):
            connect(server.dsn(user=name), what="primary")
    finally:
        with connect(server.dsn(), what="primary") as primary:
            primary.execute(sql.SQL("drop role {}").format(role))


def test_a_folder_in_use_is_refused(binaries: Binaries, tmp_path: Path) -> None:
    (tmp_path / "something").write_text("here")
    with pytest.raises(StoreError, match="not empty"):
        embedded.create(name="x", data=tmp_path, binaries=binaries)


def test_a_version_the_wheel_does_not_hold_is_named() -> None:
    with pytest.raises(StoreError, match="embedded Postgres 12; the wheel holds 18, 16"):
        find_binaries(12)


@pytest.mark.parametrize(
    ("dsn", "sentence"),
    [
        ("host=/nowhere dbname=x", "Cannot reach the source us-east"),
        ("this is no dsn", "cannot be read"),
        ("host=127.0.0.1 port=1 password=hunter2", "Connection refused"),
    ],
)
def test_an_unreachable_server_is_one_sentence_without_secrets(dsn: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        connect(dsn, what="the source us-east")
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)
