"""``klover trial``: an enclave for a schema of one's own, from nothing to a query at a door."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from doubles.deployed import KLOVER, environment, klover, up
from doubles.ports import free_ports

SCHEMA = """\
create table accounts (id bigint primary key, email text not null, country text);
create table posts (
  id bigint primary key, account_id bigint not null references accounts, published boolean
);
insert into accounts values (1, 'marit@mail.example', 'NO'), (2, 'jo@mail.example', 'US');
insert into posts values (11, 1, true), (12, 1, false);
create table broken (id nonsense);
"""
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: country, inside: [EEA]}
tables:
  accounts: {columns: {id: interoperable}}
  posts:
    subject: account_id
    public_rows: published
    hangs_off: []
    columns: {id: interoperable, account_id: interoperable, published: public}
audiences:
  engineering-abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """Make a folder that the servers' account may enter."""
    made = Path(tempfile.mkdtemp(prefix="klover-trial-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@contextmanager
def running(folder: Path, *words: str | Path) -> Iterator[dict[str, object]]:
    """Run a trial until the block ends; gives what it tells once its servers run."""
    process = start(folder, *words)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=240)
    assert process.returncode == 0


def start(folder: Path, *words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [KLOVER, "trial", str(folder), "--json", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def sockets(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".s.PGSQL*") if path.is_socket()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_a_schema_to_a_query_at_a_door_and_again_tomorrow(place: Path) -> None:
    schema, folder = place / "schema.sql", place / "mine"
    schema.write_text(SCHEMA)
    port = free_ports()[0]
    with running(folder, "--schema", schema, "--port", str(port)) as told:
        assert told["tables"] == 2
        complaints = folder / "trial" / "schema.log"
        assert "nonsense" in complaints.read_text()
        assert complaints.stat().st_mode & 0o077 == 0, "a dump's rows may be quoted there"
        klover("trial", folder).refused(2, "running in", "already")
        (folder / "klover.yaml").write_text(POLICY)
        for words in ("migrate schema", "doors apply", "migrate run", "doors prove"):
            done = klover(*words.split(), folder=folder)
            assert done.code == 0, done.err
        assert done.out.splitlines()[-1].startswith("The doors hold")
        assert len(sockets(folder)) == 3
    assert sockets(folder) == []

    klover("trial", folder, "--schema", schema).refused(2, "holds a trial already")
    with running(folder) as told, up("--config", folder / "klover.toml") as gateway:
        assert told["tables"] == 2
        who = ("--user", "wei", "--group", "engineering", "--country", "SG")
        door = ("psql", "engineering-abroad", *who, "--office-port", port + 1)
        asked = klover(*map(str, door), "--", "-At", "-c", "table posts", folder=folder)
        assert asked.code == 0, asked.err
        (row,) = asked.out.splitlines()
        assert row.count("-") == 8, row  # two pseudonyms: the public post, and of whom
        assert row.endswith("|t")
        assert gateway.end().code == 0


def interrupted(folder: Path) -> bool:
    """Kill a trial once its first server listens; tells whether that was before it was whole."""
    process = start(folder, "--port", str(free_ports()[0]))
    socket = folder / "trial" / "sockets" / "elsewhere" / ".s.PGSQL.5432"
    try:
        while not socket.exists():  # the test's own time limit ends it otherwise
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
    finally:
        process.kill()
        process.communicate()
    return not (folder / "klover.toml").exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_was_interrupted_while_it_was_made_begins_anew(place: Path) -> None:
    folder = next(each for each in (place / f"try-{n}" for n in range(9)) if interrupted(each))
    with running(folder, "--port", str(free_ports()[0])) as told:
        assert told["tables"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_trial_waits_for_servers_of_one_that_was_killed(place: Path) -> None:
    folder = place / "mine"
    process = start(folder, "--port", str(free_ports()[0]))
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["tables"] == 0
        pid = folder / "trial" / "servers" / "enclave" / "postmaster.pid"
        slow = int(pid.read_text().split()[0])
        os.kill(slow, signal.SIGSTOP)
    finally:
        process.kill()
        process.communicate()
    again = start(folder)
    try:
        with suppress(subprocess.TimeoutExpired):
            again.wait(5)  # the control: it would have failed by now
        still = again.returncode is None
        os.kill(slow, signal.SIGCONT)  # whatever came of it: nobody else wakes it
        assert still, again.communicate()[1]
        assert again.stdout is not None
        assert json.loads(again.stdout.readline())["tables"] == 0
        assert len(sockets(folder)) == 3
    finally:
        again.send_signal(signal.SIGINT)
        again.communicate(timeout=240)


def test_what_cannot_work_is_told_before_anything_is_made(place: Path) -> None:
    schema, other, archive = place / "schema.sql", place / "other", place / "dump"
    schema.write_text(SCHEMA)
    archive.write_bytes(b"PGDMP and so on")
    other.mkdir()
    (other / "klover.toml").write_text("policy = 'klover.yaml'")
    theirs = place / "theirs"
    (theirs / "trial").mkdir(parents=True)
    (theirs / "trial" / "notes.txt").write_text("mine")
    folder = place / "mine"
    nowhere, port = "host=/nowhere dbname=app", free_ports()[0]
    for words, told in (
        ((folder, "--schema", place / "none.sql"), "Cannot read the schema"),
        ((folder, "--schema", archive), "pg_restore -f"),
        ((folder, "--schema", schema, "--dsn", nowhere), "not from both"),
        ((folder, "--dsn", nowhere, "--port", port), "Cannot reach the application's database"),
        ((place / ("long" * 20),), "too long"),
        ((folder, "--port", "80"), "out of range"),
        ((other,), "is no trial's"),
        ((theirs,), "no trial's"),
    ):
        klover("trial", *map(str, words)).refused(2, told)
    assert not folder.exists()
    assert (theirs / "trial" / "notes.txt").read_text() == "mine"


def test_a_port_that_is_taken_is_told(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        klover("trial", place / "mine", "--port", str(port)).refused(2, f"Port {port} is in use")
    assert not (place / "mine").exists()
