"""Ports for tests that have to name one before anybody listens on it.

They lie below the range that the kernel hands out by itself, so no connection on its way out takes
one meanwhile. A process has a block of them to itself: it listens on the block's first for as long
as it lives, so neither another worker nor another run of the suite is given the same.
"""

import atexit
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

_FIRST, _BLOCK, _BLOCKS = 20_000, 300, 40


def free_ports(count: int = 3) -> list[int]:
    """Find ports in a row that nobody listens on; the same come again only after all others."""
    row: list[int] = []
    for port in islice(_mine(), 2 * _BLOCK):
        if not _is_free(port) or (row and port != row[-1] + 1):
            row = []
            continue
        row.append(port)
        if len(row) == count:
            return row
    raise AssertionError(f"no {count} ports in a row are free")


@cache
def _mine() -> Iterator[int]:
    """Take a block: the socket that keeps it stays open until the process ends."""
    for block in range(_FIRST, _FIRST + _BLOCK * _BLOCKS, _BLOCK):
        keeper = socket.socket()
        try:
            keeper.bind(("127.0.0.1", block))
            keeper.listen()
        except OSError:
            keeper.close()
            continue
        atexit.register(keeper.close)
        return cycle(range(block + 1, block + _BLOCK))
    raise AssertionError("every block of ports is taken")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
