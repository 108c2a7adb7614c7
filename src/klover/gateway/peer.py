"""One end of a connection: whole messages for whoever waits for them, later plain bytes.

Until the relay takes over, messages are awaited one by one and the buffer is bounded; then a
``sink`` is called with bytes as they come. https://docs.python.org/3/library/asyncio-protocol.html
"""

import asyncio
from collections.abc import Callable
from typing import cast

from klover.wire.framing import Frame, Frames

MAX_EARLY_MESSAGE = 16_384
"""Bytes of a message before a session is open: a startup message, a token."""
_MAX_BUFFER = 1 << 16


class Peer(asyncio.Protocol):
    """A client or a server, as asyncio hands over its bytes."""

    def __init__(self, *, limit: int = MAX_EARLY_MESSAGE) -> None:
        self._frames = Frames(limit=limit)
        self._arrived: asyncio.Future[None] | None = None
        self._sink: Callable[[bytes], None] | None = None
        self._pressed: Callable[[bool], None] = lambda _: None
        self._lost: Callable[[], None] = lambda: None
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()
        self._paused = False
        self.gone = False
        self.writable = True

    @property
    def transport(self) -> asyncio.Transport:
        """The transport; there is one as soon as the connection is made."""
        if self._transport is None:
            raise ConnectionResetError
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, or keep them for whoever waits."""
        if self._sink is not None:
            self._sink(data)
            return
        self._frames.feed(data)
        if len(self._frames) > _MAX_BUFFER:
            self.pause()
        self._wake()

    def eof_received(self) -> bool:
        """Close when the other side has."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits or relays."""
        del exc
        self.gone = True
        self._closed.set()
        self._wake()
        self._lost()

    def pause_writing(self) -> None:
        """Tell that the other side reads slowly."""
        self.writable = False
        self._pressed(False)  # noqa: FBT003 - a callback's only argument

    def resume_writing(self) -> None:
        """Tell that it has caught up."""
        self.writable = True
        self._pressed(True)  # noqa: FBT003 - a callback's only argument

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes; nothing happens once the connection is gone."""
        if not self._ending():
            self.transport.write(data)

    def pause(self) -> None:
        """Stop reading for now."""
        if not self._paused and not self._ending():
            self._paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and not self._ending():
            self._paused = False
            self.transport.resume_reading()

    def close(self) -> None:
        """Close after what was written has been sent; whoever waits for a message need not."""
        if self._transport is not None:
            self._transport.close()
        self._wake()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    async def closed(self, seconds: float) -> None:
        """Close, and wait until it is done; a peer that does not say goodbye is cut off."""
        self.close()
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            self.abort()
            await self._closed.wait()

    async def first(self) -> bytes:
        """Wait for the first message's body. Raises ConnectionResetError, WireError."""
        while (body := self._frames.first()) is None:
            await self._more()
        return body

    async def frame(self) -> Frame:
        """Wait for a whole message. Raises ConnectionResetError, WireError."""
        while (frame := self._frames.next()) is None:
            await self._more()
        return frame

    def flow(
        self,
        *,
        sink: Callable[[bytes], None],
        pressed: Callable[[bool], None],
        lost: Callable[[], None],
    ) -> None:
        """Call ``sink`` with bytes from now on, those that wait first.

        ``pressed`` is called with False when writing has to pause and True when it may go on,
        ``lost`` when the connection is gone.
        """
        self._sink, self._pressed, self._lost = sink, pressed, lost
        self.resume()
        waiting = self._frames.drain()
        if waiting:
            sink(waiting)
        if self.gone:
            lost()

    async def _more(self) -> None:
        self.resume()
        self._arrived = asyncio.get_running_loop().create_future()
        if not self._ending():
            try:
                await self._arrived
            finally:
                self._arrived = None
        if self._ending():
            raise ConnectionResetError

    def _ending(self) -> bool:
        return self.gone or self.transport.is_closing()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
