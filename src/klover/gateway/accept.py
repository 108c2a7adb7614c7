"""Listening sockets, and whoever knocks there.

A connection is taken the moment it can be, by the loop's own callback: no task that could be called
off stands between, so none is taken and forgotten. What becomes of it is ``server``'s work.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence

from klover.config import Listener
from klover.errors import InputError
from klover.gateway.house import Arrival

_BACKLOG = 128
_AGAIN_SECONDS = 0.05
Knocked = Callable[[socket.socket, Arrival], None]


class Listeners:
    """The listeners of a gateway."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """Nothing is open yet."""
        self._listeners = listeners
        self._sockets: list[socket.socket] = []
        self._closed = False

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The address of each, in order; tells the port where 0 was asked for."""
        return tuple(listening.getsockname()[:2] for listening in self._sockets)

    def open(self) -> None:
        """Take every address. Raises InputError where one cannot be used; none is, then."""
        try:
            for listener in self._listeners:
                self._sockets.append(_listen(listener))
        except InputError:
            self.close()
            raise

    def accept(self, knocked: Knocked) -> None:
        """Call ``knocked`` with each connection from now on, in the running loop."""
        for listening, listener in zip(self._sockets, self._listeners, strict=True):
            self._watch(listening, listener, knocked)

    def close(self) -> None:
        """Take nobody any more."""
        self._closed = True
        for listening in self._sockets:
            if listening.fileno() >= 0:
                asyncio.get_running_loop().remove_reader(listening)
                listening.close()

    def _watch(self, listening: socket.socket, listener: Listener, knocked: Knocked) -> None:
        if not self._closed:
            loop = asyncio.get_running_loop()
            loop.add_reader(listening, self._take, listening, listener, knocked)

    def _take(self, listening: socket.socket, listener: Listener, knocked: Knocked) -> None:
        """Take one that waits; the next has its turn after what else the loop has to do."""
        try:
            connection, address = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # gone again
        except OSError:  # out of files, say: those we have will be closed
            loop = asyncio.get_running_loop()
            loop.remove_reader(listening)
            loop.call_later(_AGAIN_SECONDS, self._watch, listening, listener, knocked)
            return
        connection.setblocking(False)  # noqa: FBT003 - the standard library has it so
        simulated = listener.simulated_client
        arrival = Arrival(
            address=simulated if simulated is not None else str(address[0]),
            simulated=simulated is not None,
        )
        knocked(connection, arrival)


def _listen(listener: Listener) -> socket.socket:
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    where = f"{listener.host}:{listener.port}"
    try:
        listening = socket.create_server(
            (listener.host, listener.port), family=family, backlog=_BACKLOG
        )
    except OSError as failed:
        if failed.errno == errno.EADDRINUSE:
            raise InputError(
                f"The address {where} is in use; stop what listens there or choose another port."
            ) from failed
        raise InputError(f"The gateway cannot listen on {where}: {failed.strerror}.") from failed
    listening.setblocking(False)  # noqa: FBT003 - the standard library has it so
    return listening
