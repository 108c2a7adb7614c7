"""Disks without room and servers that go away in the middle: undone, told, and gone on from.

Small disks are tmpfs mounts; where mounting is not permitted those tests are skipped. Everything
runs through the real command line.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from conftest import NewDatabase
from doubles import tiny_doors
from doubles.configured import write_config
from doubles.deployed import KLOVER, klover, tells_nobody
from doubles.ports import free_ports
from doubles.servers import without_autovacuum
from doubles.small_world import POLICY, ROWS, SCHEMA, contents, run_sql
from klover.catalog import TableName
from klover.door import naming
from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import connect
from klover.store.embedded import Server

pytestmark = [pytest.mark.xdist_group("full-disk"), pytest.mark.timeout(600)]

DISK = 48 * 1024 * 1024
LEFT = 512 * 1024
MORE = """insert into videos (person_id, seen, title, upload_ip)
  select 1, 'private', repeat('long title ', 40), '192.0.2.9' from generate_series(1, 6000)"""


@contextmanager
def disk(size: int) -> Iterator[Path]:
    """Mount a disk of ``size`` bytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root, to mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="klover-disk-", dir="/var/tmp"))
    options = f"size={size},mode=0711"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],  # noqa: S607
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607
        folder.rmdir()


@contextmanager
def small_enclave(binaries: Binaries, size: int = DISK) -> Iterator[tuple[Path, str]]:
    """Make a database on a small disk of its own; tells the disk and the connection string."""
    with disk(size) as small, without_autovacuum(binaries, "enclave") as enclave:
        place = small / "tables"
        place.mkdir(mode=0o700)
        if binaries.uid is not None and binaries.gid is not None:
            os.chown(place, binaries.uid, binaries.gid)
        with connect(enclave.dsn(), what="the enclave") as connection:
            connection.execute(sql.SQL("create tablespace small location {}").format(str(place)))
            connection.execute("create database app tablespace small")
        yield small, enclave.dsn("app")


def deployment(folder: Path, source: str, enclave: str) -> Path:
    (folder / "klover.yaml").write_text(POLICY)
    return write_config(folder, primary=enclave, source=source)


def refused(done_err: str) -> None:
    assert "Traceback" not in done_err
    assert "@" not in done_err
    tells_nobody(done_err)


def test_an_enclave_whose_disk_is_full_undoes_the_copy_and_goes_on(
    binaries: Binaries, server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    source = server.dsn(new_database())
    run_sql(source, SCHEMA)
    run_sql(source, ROWS)
    run_sql(source, MORE)
    with small_enclave(binaries) as (small, dsn):
        config = ("--config", deployment(tmp_path, source, dsn))
        assert klover("migrate", "schema", *config).code == 0
        before = contents(source), contents(dsn)
        filler = small / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small).free - LEFT))
        done = klover("migrate", "run", *config)
        done.refused(1, "disk is full", "run the same command again")
        refused(done.err)
        assert (contents(source), contents(dsn)) == before
        filler.unlink()
        ran = klover("migrate", "run", "--json", *config).json()
        assert isinstance(ran, dict)
        assert ran["rows_moved"] == ran["rows_equal"] > 0
        assert contents(source) == before[0]


def filled(dsn: str) -> tuple[int, int, int]:
    """Tell how many doors stand, and how many posts have a pseudonym of their author, and not."""
    column = naming.stored("abroad", TableName("public", "posts"), "author", 1)
    with connect(dsn, what="the enclave") as connection:
        row = connection.execute(
            sql.SQL(
                "select (select count(*) from pg_namespace where nspname like 'door%'),"
                " count({0}), count(*) filter (where {0} is null) from public.posts"
            ).format(sql.Identifier(column))
        ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def test_pseudonyms_whose_disk_is_full_stay_as_far_as_they_came_and_go_on(
    binaries: Binaries, tmp_path: Path
) -> None:
    with small_enclave(binaries, 2 * DISK) as (small, dsn):
        with connect(dsn, what="the enclave") as connection:
            tiny_doors.make_tables(connection)
            connection.execute(
                "insert into public.posts select g, 1, true, repeat('x', 400), 1"
                " from generate_series(100, 30099) g"
            )
        (tmp_path / "klover.yaml").write_text(tiny_doors.SOUND)
        config = ("--config", write_config(tmp_path, primary=dsn))
        filler = small / "filler"

        def refuse(command: str) -> None:
            filler.write_bytes(bytes(shutil.disk_usage(small).free - 14 * LEFT))
            done = klover("doors", command, *config)
            done.refused(1, "disk of the database is full", "run the same command again")
            refused(done.err)
            filler.unlink()

        refuse("apply")
        doors, there, missing = filled(dsn)
        assert doors == 0
        assert there > 0
        assert missing > 0
        assert klover("doors", "apply", *config).code == 0
        assert filled(dsn) == (2, 30002, 0)
        assert klover("doors", "suspend", *config).code == 0
        with connect(dsn, what="the application") as connection:
            connection.execute("update public.posts set author = 2 where id < 20000")
            connection.execute("vacuum full public.posts")
        refuse("resume")
        with connect(dsn, what="the enclave") as connection:
            row = connection.execute(
                "select next > 0 and next < pages, (select count(*) from klover.door_suspension)"
                " from klover.door_refill where relation = 'public.posts'::regclass"
            ).fetchone()
        assert row == (True, 2)
        done = klover("doors", "resume", *config)
        assert "Proved and open" in done.out, done.err


def test_doors_whose_disk_is_full_are_not_half_there(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    source = server.dsn(new_database())
    run_sql(source, SCHEMA)
    enclave = server.dsn(new_database())
    with disk(1024 * 1024) as small:
        config = deployment(tmp_path, source, enclave)
        text = config.read_text()
        config.write_text(text.replace('"./log"', f'"{small}/log"'))
        words = ("--config", config)
        assert klover("migrate", "schema", *words).code == 0
        before = contents(enclave)
        filler = small / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small).free))
        done = klover("doors", "apply", *words)
        done.refused(1, str(small))
        assert contents(enclave) == before
        with connect(enclave, what="the enclave") as connection:
            found = connection.execute(
                "select count(*) from pg_namespace where nspname like 'door%'"
            )
            assert found.fetchone() == (0,)
        filler.unlink()
        assert klover("doors", "apply", *words).code == 0


def test_keys_whose_disk_is_full_are_made_when_there_is_room(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    source, enclave = server.dsn(new_database()), server.dsn(new_database())
    run_sql(source, SCHEMA)
    run_sql(source, ROWS)
    with disk(1024 * 1024) as small:
        config = deployment(tmp_path, source, enclave)
        config.write_text(config.read_text().replace('"./keys"', f'"{small}/keys"'))
        assert klover("migrate", "schema", "--config", config).code == 0
        (small / "keys").mkdir(mode=0o700)
        filler = small / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small).free))
        before = contents(source), contents(enclave)
        klover("migrate", "run", "--config", config).refused(1, "room")
        assert (contents(source), contents(enclave)) == before
        filler.unlink()
        assert klover("migrate", "run", "--config", config).code == 0


def test_a_demo_on_a_small_disk_does_not_begin() -> None:
    with disk(10 * 1024 * 1024) as small:
        chosen = small / "demo"
        port = str(free_ports()[0])
        done = klover("demo", "--exit", "--dir", chosen, "--port", port)
        done.refused(2, "MB free", "--dir")
        assert list(small.iterdir()) == []


def test_a_source_that_stops_in_the_middle_and_comes_back(
    binaries: Binaries, server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    enclave = server.dsn(new_database())
    with source_folder() as folder:
        with embedded.create(name="source", data=folder, binaries=binaries) as source:
            run_sql(source.dsn(), SCHEMA)
            run_sql(source.dsn(), ROWS)
            config = deployment(tmp_path, source.dsn(), enclave)
            assert klover("migrate", "schema", "--config", config).code == 0
            before = contents(source.dsn()), contents(enclave)
            err = stopped_under_a_run(source, config)
        refused(err)
        assert "was lost" in err
        assert len(err.splitlines()) == 1
        again = klover("migrate", "run", "--config", config)
        again.refused(2, "us-east")
        with embedded.start(name="source", data=folder, binaries=binaries) as source:
            assert (contents(source.dsn()), contents(enclave)) == before
            config = deployment(tmp_path, source.dsn(), enclave)
            ran = klover("migrate", "retire", "--json", "--config", config).json()
            assert isinstance(ran, dict)
            assert ran["restricted_left"] == 0


@contextmanager
def source_folder() -> Iterator[Path]:
    """Make a folder for a cluster that is started twice."""
    folder = Path(tempfile.mkdtemp(prefix="klover-source-"))
    folder.chmod(0o711)
    try:
        yield folder / "data"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stopped_under_a_run(source: Server, config: Path) -> str:
    """Stop a source while a migration waits for a lock there; tell what the command said."""
    with closing(psycopg.connect(source.dsn())) as holder:
        holder.execute("lock table public.videos in access exclusive mode")
        process = subprocess.Popen(
            [KLOVER, "migrate", "run", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_for_a_waiter(source.dsn())
            source.stop()
            _, err = process.communicate(timeout=240)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 1, err
    return err


def wait_for_a_waiter(dsn: str) -> None:
    """Wait until somebody waits for a lock; the test's own time limit ends it otherwise."""
    with connect(dsn, what="the source") as connection:
        while connection.execute("select 1 from pg_locks where not granted").fetchone() is None:
            connection.execute("select pg_sleep(0.02)")
