"""A deployment's configuration, read once into frozen values.

One TOML file, ``klover.toml``, beside the policy. This module turns its parsed table into values
and refuses what it does not know; reading the file is ``assemble``'s work. Relative paths count
from the file's folder. Secrets never stand in it: it names files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar

from klover.errors import ConfigError

_T = TypeVar("_T")
_LAST_PORT = 65_535
_MOST_SESSIONS = 10_000
"""More need more than one process, and more files than most systems give one."""

_REPLICATION = ("klover_replication",)
"""As embedded servers call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One Postgres cluster of the enclave: where its owner writes and where doors open."""

    name: str
    primary: str
    """A libpq connection string for the owner of the store."""
    standby: str | None
    """A libpq connection string; None where doors open on a hardened primary."""
    replication: tuple[str, ...] = _REPLICATION
    """The roles by which standbys and backups may copy the whole cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A database elsewhere whose European rows are to come home."""

    name: str
    dsn: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFiles:
    """The log's folder, its origin line, and the folder that holds its and its writers' keys."""

    directory: str
    origin: str
    keys: str
    witnesses: tuple[str, ...] = ()
    """Verifier keys (vkey strings) of the witnesses that must cosign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An address the gateway listens on.

    ``simulated_client`` replaces the client's network address, for demonstrations only; every
    record then says that the location is simulated.
    """

    host: str
    port: int
    simulated_client: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """How the gateway reaches the server whose doors it opens, over the wire."""

    host: str
    """A host name, or the absolute path of a unix socket's folder."""
    port: int
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The gateway's listeners, its TLS files and its backend."""

    listeners: tuple[Listener, ...]
    certificate: str
    private_key: str
    backend: Backend
    max_sessions: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens count: ``iss``, expected ``aud``, and a file with its public keys (JWKS).

    ``trial_key`` is a private key for ``klover login``; only trials and demonstrations have one.
    """

    name: str
    audience: str
    keys: str
    trial_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything a process of Klover is built from."""

    policy: str
    cell: Cell
    sources: tuple[Source, ...]
    log: LogFiles
    gateway: Gateway | None = None
    issuer: Issuer | None = None
    ip_countries: str | None = None
    """A file that tells the countries of network addresses, in MaxMind's format."""

    def source(self, name: str | None) -> Source:
        """Find a source by name; the only one where ``name`` is None. Raises ConfigError."""
        if name is None and len(self.sources) == 1:
            return self.sources[0]
        found = next((source for source in self.sources if source.name == name), None)
        if found is None:
            known = ", ".join(source.name for source in self.sources) or "none"
            raise ConfigError(f"There is no source named {name!r}; the configuration has: {known}.")
        return found


class _Section:
    """One table of the file: every key is taken once, and what is left over is refused."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, Mapping):
            raise ConfigError(f"[{where}] has to be a table.")
        self._left: dict[str, Any] = dict(table)
        self._where = where

    def take(self, key: str, kind: type[_T], default: _T | None = None) -> _T:
        """Take a value of ``kind``. Raises ConfigError when it is missing or of another kind."""
        found = self._left.pop(key, default)
        if found is None:
            raise ConfigError(f"[{self._where}] needs `{key}`.")
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise ConfigError(f"[{self._where}] `{key}` has to be a {_KINDS[kind]}.")
        return found

    def within(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Take a whole number from ``least`` to ``most``."""
        found = self.take(key, int, default)
        if not least <= found <= most:
            raise ConfigError(f"[{self._where}] `{key}` has to be from {least} to {most}.")
        return found

    def address(self, key: str) -> str | None:
        """Take a network address that may be missing."""
        found = self.maybe(key)
        if found is not None:
            try:
                ip_address(found)
            except ValueError:
                raise ConfigError(
                    f"[{self._where}] `{key}` has to be a network address such as 192.0.2.7."
                ) from None
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of texts; empty where it is missing."""
        found = self.take(key, list, [])
        if not all(isinstance(text, str) for text in found):
            raise ConfigError(f"[{self._where}] `{key}` has to be a list of texts.")
        return tuple(found)

    def maybe(self, key: str) -> str | None:
        """Take a text that may be missing."""
        return self.take(key, str) if key in self._left else None

    def sections(self, key: str) -> "list[_Section]":
        """Take a list of tables."""
        found = self.take(key, list, [])
        return [_Section(part, f"{self._where}.{key}") for part in found]

    def done(self) -> None:
        """Raise ConfigError when a key is left that nobody asked for."""
        if self._left:
            raise ConfigError(f"[{self._where}] has unknown keys: {', '.join(sorted(self._left))}.")


_KINDS: Mapping[type, str] = {str: "text", int: "whole number", list: "list", dict: "table"}


def parse(table: Mapping[str, Any], path: Callable[[str], str]) -> Deployment:
    """Turn a parsed ``klover.toml`` into a Deployment.

    ``path`` makes a path absolute, counted from the file's folder. Raises ConfigError for what is
    missing, unknown or of the wrong kind.
    """
    left = dict(table)
    top = _Section({"policy": left.pop("policy", None)}, "top")
    policy = path(top.take("policy", str))
    cell = _cell(_Section(left.pop("cell", {}), "cell"))
    sources = _Section({"sources": left.pop("sources", [])}, "file").sections("sources")
    log = _log(_Section(left.pop("log", {}), "log"), path)
    gateway = (
        _gateway(_Section(left.pop("gateway"), "gateway"), path) if "gateway" in left else None
    )
    issuer = _issuer(_Section(left.pop("issuer"), "issuer"), path) if "issuer" in left else None
    ip_countries = _homes(_Section(left.pop("homes"), "homes"), path) if "homes" in left else None
    if left:
        raise ConfigError(f"The configuration has unknown parts: {', '.join(sorted(left))}.")
    return Deployment(
        policy=policy,
        cell=cell,
        sources=tuple(_source(section) for section in sources),
        log=log,
        gateway=gateway,
        issuer=issuer,
        ip_countries=ip_countries,
    )


def _cell(section: _Section) -> Cell:
    cell = Cell(
        name=section.take("name", str),
        primary=section.take("primary", str),
        standby=section.maybe("standby"),
        replication=section.texts("replication") or _REPLICATION,
    )
    section.done()
    return cell


def _source(section: _Section) -> Source:
    source = Source(
        name=section.take("name", str),
        dsn=section.take("dsn", str),
        place=section.take("place", str),
    )
    section.done()
    return source


def _log(section: _Section, path: Callable[[str], str]) -> LogFiles:
    log = LogFiles(
        directory=path(section.take("directory", str)),
        origin=section.take("origin", str),
        keys=path(section.take("keys", str)),
        witnesses=section.texts("witnesses"),
    )
    section.done()
    return log


def _homes(section: _Section, path: Callable[[str], str]) -> str:
    file = path(section.take("ip_countries", str))
    section.done()
    return file


def _gateway(section: _Section, path: Callable[[str], str]) -> Gateway:
    listeners = [_listener(part) for part in section.sections("listeners")]
    if not listeners:
        raise ConfigError("[gateway] needs at least one [[gateway.listeners]].")
    backend = _Section(section.take("backend", dict), "gateway.backend")
    gateway = Gateway(
        listeners=tuple(listeners),
        certificate=path(section.take("certificate", str)),
        private_key=path(section.take("private_key", str)),
        backend=Backend(
            host=backend.take("host", str),
            port=backend.within("port", 1, _LAST_PORT, 5432),
            database=backend.take("database", str),
        ),
        max_sessions=section.within("max_sessions", 1, _MOST_SESSIONS, 64),
    )
    backend.done()
    section.done()
    return gateway


def _listener(section: _Section) -> Listener:
    listener = Listener(
        host=section.take("host", str),
        port=section.within("port", 0, _LAST_PORT),
        simulated_client=section.address("simulated_client"),
    )
    section.done()
    return listener


def _issuer(section: _Section, path: Callable[[str], str]) -> Issuer:
    issuer = Issuer(
        name=section.take("name", str),
        audience=section.take("audience", str),
        keys=path(section.take("keys", str)),
        trial_key=path(key) if (key := section.maybe("trial_key")) else None,
    )
    section.done()
    return issuer
