"""A fresh session with the store's server, under a leased role, opened by our own wire code.

Nobody else ever used it. The server has to let the role in without asking for anything (``peer``
over a unix socket): no secret is sent anywhere. Its settings are fixed at startup and read back,
then the door's catalog is read over the same session.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from klover.config import Backend
from klover.errors import ConfigError, StoreError, WireError
from klover.gateway.answering import FIXED
from klover.gateway.door import DoorAddress, DoorCatalog, catalog, statements
from klover.gateway.peer import Peer
from klover.wire import backend as answers, frontend
from klover.wire.parse import parse_backend
from klover.wire.startup import VERSION_3_0, CancelRequest, StartupMessage

MAX_ANSWER = 1 << 20
"""Bytes of one answer while a session opens."""
_TOO_MANY_CONNECTIONS = "53300"
_BAD_VALUE = "22023"
_EXPECTED = {**FIXED, b"is_superuser": b"off"}


class RoleTakenError(StoreError):
    """The server still has a session of this role; another one has to be leased."""


@dataclass(frozen=True, kw_only=True)
class BackendSession:
    """An open session: its connection, what cancels it, and the settings it reported."""

    peer: Peer
    process_id: int
    secret: bytes
    settings: Mapping[bytes, bytes]
    catalog: DoorCatalog


async def connect(backend: Backend) -> Peer:
    """Connect to the store's server. Raises StoreError where it cannot be reached."""
    loop = asyncio.get_running_loop()
    peer = Peer(limit=MAX_ANSWER)
    try:
        if backend.host.startswith("/"):
            path = f"{backend.host}/.s.PGSQL.{backend.port}"
            await loop.create_unix_connection(lambda: peer, path)
        else:
            await loop.create_connection(lambda: peer, backend.host, backend.port)
    except OSError as error:
        raise StoreError("The store's server cannot be reached; try again later.") from error
    return peer


def check_address(backend: Backend) -> None:
    """Refuse a server that would be reached over a network without encryption."""
    if not backend.host.startswith("/") and backend.host not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigError(
            "[gateway.backend] `host` has to be a unix socket's folder or this machine; "
            "run the gateway beside the store."
        )


async def open_session(
    backend: Backend, *, role: str, door: DoorAddress, session: str, settings: Mapping[str, str]
) -> BackendSession:
    """Open a session as ``role``. Raises RoleTakenError, StoreError, WireError."""
    peer = await connect(backend)
    try:
        peer.write(_startup(backend, role, door.schema, session, settings).encode())
        process_id, secret, reported = await _until_ready(peer, role)
        return BackendSession(
            peer=peer,
            process_id=process_id,
            secret=secret,
            settings=reported,
            catalog=await _read_catalog(peer, door),
        )
    except ConnectionResetError:
        raise StoreError("The store's server closed the connection; try again later.") from None
    except BaseException:
        peer.abort()
        raise


async def enter(
    backend: Backend, *, role: str, session: str, settings: Mapping[str, str] | None = None
) -> Peer:
    """Open a plain session of our own as ``role``, which needs no door. Raises as the other."""
    peer = await connect(backend)
    try:
        peer.write(_startup(backend, role, "pg_catalog", session, settings or {}).encode())
        await _until_ready(peer, role)
    except BaseException:
        peer.abort()
        raise
    return peer


async def cancel(backend: Backend, session: BackendSession) -> None:
    """Ask the server to cancel what ``session`` is doing. Says nothing when it cannot."""
    try:
        peer = await connect(backend)
    except StoreError:
        return
    request = CancelRequest(process_id=session.process_id, secret=session.secret)
    peer.write(request.encode())
    peer.close()


def _startup(
    backend: Backend, role: str, schema: str, session: str, settings: Mapping[str, str]
) -> StartupMessage:
    fixed = {
        "user": role,
        "database": backend.database,
        "client_encoding": "UTF8",
        "standard_conforming_strings": "on",
        "search_path": '"' + schema.replace('"', '""') + '"',
        "application_name": f"klover {session}",
    }
    return StartupMessage(version=VERSION_3_0, parameters={**settings, **fixed})


async def _until_ready(peer: Peer, role: str) -> tuple[int, bytes, dict[bytes, bytes]]:
    key: answers.BackendKeyData | None = None
    reported: dict[bytes, bytes] = {}
    while True:
        match parse_backend(await peer.frame()):
            case answers.Authentication(code=0):
                pass
            case answers.Authentication():
                raise StoreError(
                    "The store's server asks for a password; its pg_hba.conf has to admit the "
                    "gateway's session roles by peer."
                )
            case answers.ParameterStatus(name=name, value=content):
                reported[name] = content
            case answers.BackendKeyData() as found:
                key = found
            case answers.NoticeResponse():
                pass
            case answers.ErrorResponse(fields=fields):
                raise _refused(fields)
            case answers.ReadyForQuery() if key is not None:
                break
            case _:
                raise WireError("The store's server opens a session in an unknown way.")
    expected = {**_EXPECTED, b"session_authorization": role.encode()}
    if any(reported.get(name) != content for name, content in expected.items()):
        raise StoreError("The store's server opened a session with settings that are not ours.")
    return key.process_id, key.secret, reported


def _refused(fields: Mapping[bytes, bytes]) -> StoreError:
    sqlstate = fields.get(b"C", b"").decode(errors="replace")
    if sqlstate == _TOO_MANY_CONNECTIONS:
        return RoleTakenError("The store's server has no place for another session now.")
    if sqlstate == _BAD_VALUE:
        return StoreError("A setting given at startup has a value that Postgres does not take.")
    return StoreError(
        f"The store's server refused to open a session (SQLSTATE {sqlstate}); "
        "`klover doors plan` tells whether the doors are in place."
    )


async def _read_catalog(peer: Peer, door: DoorAddress) -> DoorCatalog:
    return catalog(door, await ask(peer, statements()["door_views"], (door.schema.encode(),)))


async def ask(peer: Peer, text: str, values: Sequence[bytes]) -> list[answers.DataRow]:
    """Ask one statement of our own and tell its rows. Raises StoreError."""
    messages: list[frontend.Frontend] = [
        frontend.Parse(name=b"", sql=text.encode()),
        frontend.Bind(portal=b"", statement=b"", values=tuple(values)),
        frontend.Execute(portal=b""),
        frontend.Close(target=b"S", name=b""),  # the client is to find nothing of ours
        frontend.Sync(),
    ]
    peer.write(b"".join(message.encode() for message in messages))
    rows: list[answers.DataRow] = []
    while True:
        match parse_backend(await peer.frame()):
            case answers.DataRow() as row:
                rows.append(row)
            case answers.ErrorResponse(fields=fields):
                raise _refused(fields)
            case answers.ReadyForQuery():
                return rows
            case _:
                pass
