"""A trial: an enclave on this machine for a schema of one's own, kept in one folder.

Three servers as in the demonstration, but empty: *elsewhere* holds the tables that its owner
brings, or is a database of theirs; *enclave* and *standby* wait for doors. Everything that is made
lies in ``trial`` below the folder, beside the ``klover.toml`` that every other command reads.
Stopped, it can be started again.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from klover.assemble import load_deployment, read_live_catalog
from klover.demo.deployment import Written, configuration, make_secrets
from klover.demo.ground import DATABASE, SOURCE_ROLE, check_ports, check_reach, check_room
from klover.errors import InputError
from klover.log.durable import write_file
from klover.store import embedded
from klover.store.binaries import Binaries, find_binaries
from klover.store.connect import connect
from klover.store.embedded import PORT, SOCKET_BYTES, Server

_CONFIGURATION = "klover.toml"
_PLACE = "trial"
_ELSEWHERE, _ENCLAVE, _STANDBY = "elsewhere", "enclave", "standby"
_LOCK = "lock"
_COMPLAINTS = "schema.log"
_ARCHIVE = b"PGDMP"
_END_SECONDS = 30.0
_FIRST_PORT = 6432
_SOCKET = f"/{_PLACE}/sockets/{_ELSEWHERE}/.s.PGSQL.{PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line chose; ``schema`` or ``dsn`` tells where the tables come from.

    ``port`` is the first of a new trial's ports; a trial that is there has its own.
    """

    directory: Path
    schema: Path | None
    dsn: str | None
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The servers run."""

    folder: Path
    source_dsn: str
    tables: int
    """How many tables the application's database has."""
    complaints: Path | None
    """What the server said of the schema's file, where it did not take all of it."""


@contextmanager
def run(options: Options, tell: Callable[[str], None]) -> Iterator[Trial]:
    """Start the servers, or first make them; ``tell`` hears what happens. Stops them at the end.

    Raises InputError before anything is started for what cannot work.
    """
    folder = options.directory.resolve()
    fresh = not (folder / _CONFIGURATION).exists()
    _check(options, folder, fresh=fresh)
    place = _make_place(folder)
    with _alone(place), ExitStack() as stack:
        if fresh and (folder / _CONFIGURATION).exists():  # looked at before the lock was ours
            raise InputError(f"A trial was made just now in {folder}; start it again.")
        _wait_ended(place)
        if fresh:
            _clear(place)
        start = _Start(place=place, binaries=find_binaries(), stack=stack, tell=tell)
        if options.dsn is None and (fresh or start.data(_ELSEWHERE).exists()):
            elsewhere = start.server(_ELSEWHERE)
            dsn = elsewhere.dsn(DATABASE, SOURCE_ROLE)
            if fresh:
                _make_application(elsewhere, options.schema, place)
        primary = start.server(_ENCLAVE)
        standby = start.server(_STANDBY, primary)
        if fresh:
            _make_enclave(primary)
            dsn = options.dsn if options.dsn is not None else dsn
            _write(folder, dsn, primary, standby, check_ports(options.port or _FIRST_PORT))
        yield _ready(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Starts a trial's servers, and makes those that are not there yet."""

    place: Path
    binaries: Binaries
    stack: ExitStack
    tell: Callable[[str], None]

    def data(self, name: str) -> Path:
        return self.place / "servers" / name

    def server(self, name: str, primary: Server | None = None) -> Server:
        """Run a server until the end; a standby of ``primary`` where one is given."""
        self.tell(f"Starting {name}")
        data, sockets = self.data(name), self.place / "sockets" / name
        if data.exists():
            made = embedded.start(name=name, data=data, binaries=self.binaries, sockets=sockets)
        elif primary is not None:
            made = embedded.create_standby(primary=primary, name=name, data=data, sockets=sockets)
        else:
            made = embedded.create(name=name, data=data, binaries=self.binaries, sockets=sockets)
        return self.stack.enter_context(made)


def _check(options: Options, folder: Path, *, fresh: bool) -> None:
    ours = (folder / _PLACE / _LOCK).exists()
    if not fresh and not ours:
        raise InputError(
            f"{folder / _CONFIGURATION} is no trial's; choose a folder without a {_CONFIGURATION}."
        )
    if not fresh and (options.schema is not None or options.dsn is not None):
        raise InputError(
            f"{folder} holds a trial already, with tables of its own. Start it without --schema "
            "and --dsn, or choose another folder."
        )
    if not fresh and options.port is not None:
        raise InputError(
            f"{folder} holds a trial already; change its ports in {folder / _CONFIGURATION}."
        )
    if options.schema is not None and options.dsn is not None:
        raise InputError("Tables come from --schema or from --dsn, not from both.")
    if fresh and not ours and (folder / _PLACE).exists():
        raise InputError(f"{folder / _PLACE} is there and no trial's; choose another folder.")
    if len(os.fsencode(folder)) + len(_SOCKET) > SOCKET_BYTES:
        raise InputError(
            f"The path {folder} is too long for the servers' sockets; choose one of at most "
            f"{SOCKET_BYTES - len(_SOCKET)} bytes."
        )
    if options.schema is not None:
        _check_file(options.schema)
    there = next(part for part in (folder, *folder.parents) if part.exists())
    check_reach(there)
    check_room(there)
    if fresh:
        check_ports(options.port or _FIRST_PORT)
    if fresh and options.dsn is not None:
        connect(options.dsn, what="the application's database").close()


def _check_file(schema: Path) -> None:
    try:
        with schema.open("rb") as file:
            start = file.read(len(_ARCHIVE))
    except OSError as error:
        raise InputError(f"Cannot read the schema {schema}: {error.strerror}.") from error
    if start == _ARCHIVE:
        raise InputError(
            f"{schema} is an archive of pg_dump; make it plain first: pg_restore -f schema.sql "
            f"{schema}."
        )


def _make_place(folder: Path) -> Path:
    place = folder / _PLACE
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o755)
        place.mkdir(exist_ok=True)
        for each in (place, place / "servers", place / "sockets"):
            each.mkdir(exist_ok=True)
            each.chmod(0o711)  # as root, the servers run as nobody
    except OSError as error:
        raise InputError(f"Cannot use the folder {folder}: {error.strerror}.") from error
    return place


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep a second trial out of the folder."""
    with (place / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"A trial is running in {place.parent} already.") from None
        yield


def _wait_ended(place: Path) -> None:
    """Let servers end whose trial was killed: they have its sockets and files until then."""
    deadline = time.monotonic() + _END_SECONDS
    while any(map(_runs, place.glob("servers/*/postmaster.pid"))) and time.monotonic() < deadline:
        time.sleep(0.05)


def _runs(file: Path) -> bool:
    try:
        os.kill(int(file.read_text(encoding="ascii").split("\n", 1)[0]), 0)
    except (OSError, ValueError):
        return False
    return True


def _clear(place: Path) -> None:
    """Take away what a trial left that was interrupted while it was made."""
    deadline = time.monotonic() + _END_SECONDS
    while True:
        try:
            for each in place.iterdir():
                if each.is_dir():
                    shutil.rmtree(each)
                elif each.name != _LOCK:
                    each.unlink()
        except OSError:  # a program of it writes its last
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            break
    _make_place(place.parent)


def _make_application(elsewhere: Server, schema: Path | None, place: Path) -> None:
    """Give the application its role and database, and the tables of ``schema``.

    The role is a superuser: a schema may make extensions, and nobody else's data stands there.
    """
    role, database = sql.Identifier(SOURCE_ROLE), sql.Identifier(DATABASE)
    with connect(elsewhere.dsn(), what=_ELSEWHERE) as connection:
        connection.execute(sql.SQL("create role {} login superuser").format(role))
        connection.execute(sql.SQL("create database {} owner {}").format(database, role))
    if schema is None:
        return
    command = [elsewhere.binaries.program("psql"), "--no-psqlrc", "--quiet", "--file", str(schema)]
    command += ["--output", os.devnull, "--dbname", elsewhere.dsn(DATABASE, SOURCE_ROLE)]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**embedded.environment(), "PGCLIENTENCODING": "UTF8"},
    )
    if done.stderr:
        write_file(place / _COMPLAINTS, done.stderr)  # ours alone: it may quote a dump's rows


def _make_enclave(primary: Server) -> None:
    with connect(primary.dsn(), what=_ENCLAVE) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def _write(
    folder: Path, dsn: str, primary: Server, standby: Server, ports: Mapping[str, int]
) -> None:
    """Write the configuration and what it names; its presence says that the trial is whole."""
    make_secrets(folder / _PLACE)
    written = Written(
        title="A trial's deployment. Every command of klover reads it here, or with --config.",
        cell=_ENCLAVE,
        primary=primary.dsn(DATABASE),
        standby=standby.dsn(DATABASE),
        sockets=standby.sockets,
        source=_ELSEWHERE,
        source_dsn=dsn,
        files=f"{_PLACE}/",
        origin="trial.example/klover",
        issuer="https://id.trial.example",
        audience="klover-trial",
        ports=ports,
    )
    write_file(folder / _CONFIGURATION, configuration(written).encode())


def _ready(folder: Path) -> Trial:
    dsn = load_deployment(folder / _CONFIGURATION).source(None).dsn
    complaints = folder / _PLACE / _COMPLAINTS
    return Trial(
        folder=folder,
        source_dsn=dsn,
        tables=len(read_live_catalog(dsn, what="the application's database").base_tables()),
        complaints=complaints if complaints.exists() else None,
    )
