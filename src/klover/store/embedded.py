"""Embedded Postgres servers: made, started, given a standby, and stopped without a trace.

A server is our own child, listens on a unix socket only (no port is open), admits people by the
operating system's word for who they are (``peer``), and dies with us: the kernel sends it SIGINT,
Postgres' fast shutdown, when the thread that started it ends, ``kill -9`` included. So start
servers from a thread that lives as long as they shall.
https://www.postgresql.org/docs/18/auth-peer.html
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psycopg

from klover.errors import StoreError
from klover.store.access import OWNER, REPLICATION, SESSIONS, knows_groups, write_access
from klover.store.binaries import Binaries

PORT = 5432
"""Part of the socket's file name only."""

SOCKET_BYTES = 107
"""The longest path of a socket that Linux takes (unix(7))."""

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0777",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "logical",
    "hot_standby": "on",
    "wal_keep_size": "256MB",
    "log_destination": "stderr",
    "log_min_messages": "warning",
    # Statements may hold values; a server's own log is not the place for them.
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "cluster_name": "'klover'",
    "jit": "off",
}

_PRIVATE: Mapping[str, str] = {"unix_socket_permissions": "0700"}
"""Where pg_ident.conf knows no groups (15), who may use the socket is what keeps people out."""


@dataclass(slots=True, kw_only=True)
class Server:
    """A running embedded server; ``stop`` ends it, leaving a context manager does the same."""

    name: str
    binaries: Binaries
    data: Path
    sockets: Path
    process: subprocess.Popen[bytes] | None = None
    _standbys: list["Server"] = field(default_factory=list)

    def dsn(self, database: str = "postgres", user: str = OWNER) -> str:
        """Tell the libpq connection string for ``database`` as ``user``."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.sockets), port=PORT, dbname=database, user=user
        )

    def log_tail(self, lines: int = 5) -> str:
        """Tell the last lines of the server's own log."""
        with contextlib.suppress(OSError):
            text = (self.data / "server.log").read_text(errors="replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    def stop(self) -> None:
        """End the server (fast shutdown) and remove its socket folder. Safe to call twice."""
        for standby in self._standbys:
            standby.stop()
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(_STOP_SECONDS)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def create(
    *,
    name: str,
    data: Path,
    binaries: Binaries,
    settings: Mapping[str, str] | None = None,
    sockets: Path | None = None,
) -> Server:
    """Make a cluster in ``data`` (which must not exist or be empty) and start it.

    Raises StoreError with the server's own last words when it does not come up.
    """
    _own(data, binaries)
    options = ["--auth=reject", "--username", OWNER, "--encoding=UTF8", "--locale=C.UTF-8"]
    _run(binaries, [binaries.program("initdb"), "--no-sync", "-D", str(data), *options])
    private = {} if knows_groups(binaries) else _PRIVATE
    _write_settings(data, {**_SETTINGS, **private, **(settings or {}), "cluster_name": f"'{name}'"})
    write_access(data, binaries, sessions=False)
    server = start(name=name, data=data, binaries=binaries, sockets=sockets)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create role {REPLICATION} login replication")
        connection.execute(f"create role {SESSIONS} nologin")
    return server


def create_standby(
    *, primary: Server, name: str, data: Path, sockets: Path | None = None
) -> Server:
    """Copy ``primary`` into ``data`` and start the copy as a hot standby of it.

    The standby admits session roles of the gateway; the primary does not.
    """
    binaries = primary.binaries
    _own(data, binaries)
    conninfo = psycopg.conninfo.make_conninfo(
        host=str(primary.sockets), port=PORT, user=REPLICATION, application_name=name
    )
    command = [binaries.program("pg_basebackup"), "--no-sync", "--checkpoint=fast"]
    command += ["-D", str(data), "-d", conninfo, "--wal-method=stream", "-R"]
    _run(binaries, command)
    (data / "server.log").unlink(missing_ok=True)
    with (data / "postgresql.auto.conf").open("a") as file:
        # Staff queries must not hold back replay for long, nor bloat the primary.
        file.write(f"cluster_name = '{name}'\nmax_standby_streaming_delay = '30s'\n")
    write_access(data, binaries, sessions=True)
    standby = start(name=name, data=data, binaries=binaries, sockets=sockets)
    primary._standbys.append(standby)  # noqa: SLF001 - the same class' own list
    return standby


def start(*, name: str, data: Path, binaries: Binaries, sockets: Path | None = None) -> Server:
    """Start the cluster in ``data`` and wait until it answers. Raises StoreError.

    ``sockets`` is the folder of its socket, gone again when it stops; else one in ``/tmp``.
    """
    if sockets is None:
        sockets = Path(tempfile.mkdtemp(prefix="klover-"))  # short: see SOCKET_BYTES
    else:
        sockets.mkdir(parents=True, exist_ok=True)
    sockets.chmod(0o711 if knows_groups(binaries) else 0o700)
    if binaries.uid is not None and binaries.gid is not None:
        os.chown(sockets, binaries.uid, binaries.gid)
    command = [binaries.program("postgres"), "-D", str(data), "-k", str(sockets), "-p", str(PORT)]
    with (data / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=data,
            env=environment(),
            start_new_session=True,  # Ctrl-C at the terminal is ours to handle
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - a call into the kernel only
            user=binaries.uid,
            group=binaries.gid,
            extra_groups=[] if binaries.uid is not None else None,
        )
    server = Server(name=name, binaries=binaries, data=data, sockets=sockets, process=process)
    try:
        _wait_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _wait_ready(server: Server) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        process = server.process
        if process is None or process.poll() is not None:
            raise StoreError(f"The server {server.name} did not start: {server.log_tail()}")
        try:
            psycopg.connect(server.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The server {server.name} did not answer within {_START_SECONDS:.0f} s: "
                    f"{server.log_tail()}"
                ) from error
            time.sleep(0.02)
        else:
            return


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Have the kernel stop the server when we end, however we end (prctl(2))."""
    library = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # the parent was gone before the call
            os._exit(1)

    return arrange


def _own(data: Path, binaries: Binaries) -> None:
    """Make ``data`` an empty folder of the account that runs the server."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(data.iterdir()):
        raise StoreError(f"{data} is not empty; a new cluster needs an empty folder.")
    if binaries.uid is not None and binaries.gid is not None:
        os.chown(data, binaries.uid, binaries.gid)


def _write_settings(data: Path, settings: Mapping[str, str]) -> None:
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())


def environment() -> dict[str, str]:
    """Tell a clean environment: no PG* variable of the caller's reaches the server."""
    keep = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    return {**keep, "LC_ALL": "C.UTF-8"}


def _run(binaries: Binaries, command: list[str]) -> None:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        env=environment(),
        cwd="/",
        user=binaries.uid,
        group=binaries.gid,
        extra_groups=[] if binaries.uid is not None else None,
        preexec_fn=_die_with_parent(os.getpid()),
    )
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        last = words[-1] if words else f"exit code {done.returncode}"
        raise StoreError(f"{Path(command[0]).name} failed: {last}")


@contextlib.contextmanager
def scratch(
    *, name: str, binaries: Binaries, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server in a folder that goes when it stops."""
    folder = Path(tempfile.mkdtemp(prefix="klover-data-"))
    folder.chmod(0o711)
    try:
        quick = {"fsync": "off", **(settings or {})}
        with create(name=name, data=folder / "data", binaries=binaries, settings=quick) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
