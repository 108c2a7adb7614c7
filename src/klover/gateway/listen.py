"""From an accepted socket to a client inside TLS; nobody gets further without.

Both ways in are spoken: an SSLRequest that is answered with ``S``, and TLS from the first byte
with ALPN ``postgresql``. Bytes that arrive before the handshake they belong behind are refused
(CVE-2021-23222): the socket itself is read, byte by byte as due, so that none is buffered.
https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

import asyncio
import contextlib
import socket
import ssl
import struct

from klover.errors import WireError
from klover.gateway.certificate import ALPN
from klover.gateway.peer import Peer
from klover.wire.backend import error
from klover.wire.startup import MAX_STARTUP, CancelRequest, GSSENCRequest, SSLRequest, parse

NO_TLS = "Klover lets nobody in without TLS; connect with sslmode=verify-full."
_TLS_HANDSHAKE = b"\x16"
_LENGTH = struct.Struct("!i")
_SMALLEST = 8
_HANDSHAKE_SECONDS = 10.0


async def secure(connection: socket.socket, context: ssl.SSLContext) -> Peer | CancelRequest | None:
    """Bring a client into TLS; None where it left or was sent away.

    A CancelRequest may come without TLS, as most clients send it. Raises WireError.
    """
    if await _peek(connection) == _TLS_HANDSHAKE:
        return await _handshake(connection, context, direct=True)
    for _ in range(2):  # a client may ask for GSSAPI encryption first
        match await _first(connection):
            case SSLRequest():
                _refuse_early_bytes(connection)
                await asyncio.get_running_loop().sock_sendall(connection, b"S")
                return await _handshake(connection, context, direct=False)
            case GSSENCRequest():
                _refuse_early_bytes(connection)
                await asyncio.get_running_loop().sock_sendall(connection, b"N")
            case CancelRequest() as request:
                return request
            case _:
                break
    answer = error("FATAL", "28000", NO_TLS).encode()
    await asyncio.get_running_loop().sock_sendall(connection, answer)
    connection.shutdown(socket.SHUT_WR)
    return None


async def _handshake(
    connection: socket.socket, context: ssl.SSLContext, *, direct: bool
) -> Peer | None:
    loop = asyncio.get_running_loop()
    peer = Peer()
    try:
        await loop.connect_accepted_socket(
            lambda: peer, connection, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
        )
    except (OSError, ssl.SSLError):
        return None
    except BaseException:
        peer.abort()  # called off as it succeeds, it would wait for the client's goodbye
        raise
    session = peer.transport.get_extra_info("ssl_object")
    if direct and session.selected_alpn_protocol() != ALPN:
        await peer.closed(0)
        return None
    return peer


async def _peek(connection: socket.socket) -> bytes:
    """Look at the first byte without taking it."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(connection)
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(connection, readable)
    try:
        await ready
    finally:
        loop.remove_reader(connection)
    with contextlib.suppress(BlockingIOError):
        return connection.recv(1, socket.MSG_PEEK)
    return b""


async def _first(connection: socket.socket) -> object:
    head = await _exactly(connection, _LENGTH.size)
    (length,) = _LENGTH.unpack(head)
    if not _SMALLEST <= length <= MAX_STARTUP:
        raise WireError("The first message's length is out of bounds.")
    return parse(await _exactly(connection, length - _LENGTH.size))


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    taken = b""
    while len(taken) < size:
        part = await loop.sock_recv(connection, size - len(taken))
        if not part:
            raise ConnectionResetError
        taken += part
    return taken


def _refuse_early_bytes(connection: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        if connection.recv(1, socket.MSG_PEEK):
            raise WireError("Bytes came before the encryption they belong behind.")
