"""The ground the demonstration stands on: its folder, its keys and its three servers.

``elsewhere`` plays a database in the United States and is used with an ordinary role's rights;
``hamar`` is the enclave's primary, ``hamar-standby`` the server whose doors open. All of it lives
in one folder, which goes at the end unless the caller chose it.
"""

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from klover.errors import InputError
from klover.store import embedded
from klover.store.binaries import find_binaries
from klover.store.connect import connect
from klover.store.embedded import Server

DATABASE = "app"
SOURCE = "us-east"
SOURCE_ROLE = "app_owner"
OFFICES: Mapping[str, str] = {
    "Dublin": "10.20.0.7",
    "Singapore": "10.40.0.7",
    "Beijing": "10.60.0.7",
}
"""Where the visitors pretend to be; the policy's ``networks`` know these addresses."""

_NEEDED_BYTES = 1_500_000_000
_PORTS = range(1024, 65536 - len(OFFICES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Running servers and the folder that everything lies in."""

    folder: Path
    elsewhere: Server
    primary: Server
    standby: Server
    ports: Mapping[str, int]
    """The gateway's port for each office."""

    @property
    def configuration(self) -> Path:
        """The deployment's file, for every other command of the program."""
        return self.folder / "klover.toml"

    def source_dsn(self) -> str:
        """Tell how to reach the application's database elsewhere, as its owner there."""
        return self.elsewhere.dsn(DATABASE, SOURCE_ROLE)


def check_ports(port: int) -> Mapping[str, int]:
    """Tell the port of each office, from ``port`` up. Raises InputError when one is taken."""
    if port not in _PORTS:
        raise InputError(
            f"Port {port} is out of range; choose one from {_PORTS[0]} to {_PORTS[-1]}."
        )
    ports = {office: port + offset for offset, office in enumerate(OFFICES)}
    for number in ports.values():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError as error:
                raise InputError(
                    f"Port {number} is in use on 127.0.0.1; choose others with --port "
                    f"(one for each of {len(ports)} offices, in a row)."
                ) from error
    return ports


@contextmanager
def folder(chosen: Path | None) -> Iterator[Path]:
    """Make the demonstration's folder; one that nobody chose is removed afterwards.

    Raises InputError when the chosen one is not empty, out of reach of the servers' account, or
    on a disk without room.
    """
    if chosen is None:
        made = Path(tempfile.mkdtemp(prefix="klover-demo-"))
        made.chmod(0o711)
        try:
            check_room(made)
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return
    path = chosen.resolve()
    try:
        fresh = not path.exists()
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        occupied = any(path.iterdir())
    except OSError as error:
        raise InputError(f"Cannot use the folder {chosen}: {error.strerror}.") from error
    if occupied:
        raise InputError(f"The folder {chosen} is not empty; the demo needs one of its own.")
    try:
        check_reach(path)
        check_room(path)
    except InputError:
        if fresh:
            path.rmdir()
        raise
    yield path


def check_room(path: Path) -> None:
    """Refuse a disk without room for three servers. Raises InputError."""
    free = shutil.disk_usage(path).free
    if free < _NEEDED_BYTES:
        raise InputError(
            f"The disk of {path} has {free // 1_000_000} MB free; three servers need "
            f"{_NEEDED_BYTES // 1_000_000} MB. Choose a folder on another disk: `demo --dir DIR`, "
            "`trial DIR`."
        )


def check_reach(path: Path) -> None:
    """As root the servers run as ``nobody``, who must be able to come this far.

    Raises InputError.
    """
    closed = [part for part in [path, *path.parents] if not part.stat().st_mode & stat.S_IXOTH]
    if os.geteuid() == 0 and closed:
        raise InputError(
            f"As root the servers run as nobody, who may not enter {closed[-1]}; "
            "choose a folder such as /var/tmp/klover."
        )


@contextmanager
def servers(place: Path, ports: Mapping[str, int], tell: Callable[[str], None]) -> Iterator[Ground]:
    """Start the three servers in ``place``; ``tell`` hears what happens. Stops them at the end."""
    binaries = find_binaries()
    home = place / "servers"
    home.mkdir(mode=0o711)
    with ExitStack() as stack:
        tell("elsewhere")
        elsewhere = stack.enter_context(
            embedded.create(name="elsewhere", data=home / "elsewhere", binaries=binaries)
        )
        with connect(elsewhere.dsn(), what="elsewhere") as connection:
            role, database = sql.Identifier(SOURCE_ROLE), sql.Identifier(DATABASE)
            connection.execute(sql.SQL("create role {} login").format(role))
            connection.execute(sql.SQL("create database {} owner {}").format(database, role))
            # What the administrator of a managed Postgres has: docs/deployment.md says why.
            connection.execute(
                sql.SQL("grant set on parameter session_replication_role to {}").format(role)
            )
        tell("the enclave")
        primary = stack.enter_context(
            embedded.create(name="hamar", data=home / "hamar", binaries=binaries)
        )
        with connect(primary.dsn(), what="the enclave") as connection:
            connection.execute(sql.SQL("create database {}").format(database))
        tell("its standby")
        standby = embedded.create_standby(
            primary=primary, name="hamar_standby", data=home / "hamar-standby"
        )
        yield Ground(
            folder=place, elsewhere=elsewhere, primary=primary, standby=standby, ports=ports
        )
