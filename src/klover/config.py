"""A deployment's configuration, read once into frozen values.

One TOML file, ``klover.toml``, beside the policy. This module turns its parsed table into values
and refuses what it does not know; reading the file is ``assemble``'s work. Relative paths count
from the file's folder. Secrets never stand in it: it names files.
"""

from dataclasses import dataclass

from klover.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One Postgres cluster of the enclave: where its owner writes and where doors open."""

    name: str
    primary: str
    """A libpq connection string for the owner of the store."""
    standby: str | None
    """A libpq connection string; None where doors open on a hardened primary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A database elsewhere whose European rows are to come home."""

    name: str
    dsn: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFiles:
    """The log's folder, its origin line and its keys (paths)."""

    directory: str
    origin: str
    signing_key: str
    witness_keys: tuple[str, ...] = ()
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
    """Whose tokens count: ``iss``, expected ``aud``, and a file with its public keys (JWKS)."""

    name: str
    audience: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Everything a process of Klover is built from."""

    policy: str
    cell: Cell
    sources: tuple[Source, ...]
    log: LogFiles
    gateway: Gateway | None = None
    issuer: Issuer | None = None

    def source(self, name: str | None) -> Source:
        """Find a source by name; the only one where ``name`` is None. Raises ConfigError."""
        if name is None and len(self.sources) == 1:
            return self.sources[0]
        found = next((source for source in self.sources if source.name == name), None)
        if found is None:
            known = ", ".join(source.name for source in self.sources) or "none"
            raise ConfigError(f"There is no source named {name!r}; the configuration has: {known}.")
        return found
