"""A client's way into TLS, called off in the middle: no connection is left behind."""

import asyncio
import socket
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvloop

from doubles.raw_client import RawClient
from klover.gateway.certificate import make_certificate, tls_context
from klover.gateway.listen import secure
from klover.gateway.peer import Peer


@pytest.mark.parametrize("turns", [0, 1])
def test_a_handshake_that_is_called_off_as_it_succeeds_leaves_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    """It would wait for a goodbye that may never come, and nobody else knows of it."""
    made = make_certificate(["localhost"], now=datetime.now(UTC))
    chain, key, root = (tmp_path / name for name in ("chain.pem", "key.pem", "root.pem"))
    chain.write_bytes(made.chain)
    key.write_bytes(made.private_key)
    root.write_bytes(made.root)
    began: list[Peer] = []
    connection_made = Peer.connection_made

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)  # noqa: FBT003 - the standard library has it so
        with closing(listening):
            client = RawClient(listening.getsockname())
            encrypting = loop.run_in_executor(None, client.encrypt, root)
            connection, _ = await loop.sock_accept(listening)
        connection.setblocking(False)  # noqa: FBT003 - the standard library has it so
        task = loop.create_task(secure(connection, tls_context(str(chain), str(key))))

        def call_off(peer: Peer, transport: asyncio.BaseTransport) -> None:
            connection_made(peer, transport)
            began.append(peer)
            if turns:
                loop.call_soon(task.cancel)
            else:
                task.cancel()

        monkeypatch.setattr(Peer, "connection_made", call_off)
        with pytest.raises(asyncio.CancelledError):
            await task
        connection.close()
        await asyncio.gather(encrypting, return_exceptions=True)
        with client:  # it says nothing more
            await asyncio.wait_for(began[0]._closed.wait(), 60)

    uvloop.run(main())
