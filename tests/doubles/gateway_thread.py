"""A gateway alone, without log or sequencer, in a thread with a uvloop of its own.

The product runs it in ``klover.serving``; here any recorder will do, used from that thread only.
"""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvloop

from klover.gateway.server import Gateway

_START_SECONDS = 90.0


def run(
    gateway: Gateway, *, started: Callable[[Gateway], None], until: Callable[[], asyncio.Event]
) -> None:
    """Serve in this thread until the event that ``until`` makes inside the loop is set."""

    async def main() -> None:
        stop = until()
        await gateway.start()
        try:
            started(gateway)
            await stop.wait()
        finally:
            await gateway.stop()

    uvloop.run(main())


class GatewayThread:
    """A context manager: the gateway runs while the block does."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="klover-gateway", daemon=True)

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The address of each listener, in order."""
        return self.gateway.addresses

    def start(self) -> Self:
        """Start it and wait until it listens. Raises what hindered it."""
        self._thread.start()
        assert self._ready.wait(_START_SECONDS), "the gateway does not listen"
        if self._failed is not None:
            raise self._failed
        return self

    def stop(self) -> None:
        """End every session and wait until all is closed. Safe to call twice."""
        loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        if self._thread.ident is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            run(self.gateway, started=lambda _: self._ready.set(), until=self._event)
        except BaseException as failed:  # noqa: BLE001 - told in the thread that started it
            self._failed = failed
        finally:
            self._ready.set()

    def _event(self) -> asyncio.Event:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        return self._stop
