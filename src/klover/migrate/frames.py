"""Rows as COPY frames, through libpq itself and without a look inside.

Frames that one server sends are handed to the other as they are, many in one message: reading
them row by row in Python would cost more than both servers together. Binary form is used where it
means the same on both sides. https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-COPY
"""

import contextlib
import select
from collections.abc import Iterable, Iterator

import psycopg
from psycopg import pq, sql

from klover.store.connect import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0"
_HEADER_LENGTH = 19
_TRAILER = b"\xff\xff"
_BATCH_ROWS = 256
_BATCH_BYTES = 1 << 16


def frames(connection: Connection, query: sql.Composed) -> Iterator[bytes]:
    """Run a ``COPY … TO STDOUT`` and tell its frames.

    Whoever stops before the end has to close the connection.
    """
    wire = connection.pgconn
    _expect(wire.exec_(query.as_bytes(connection)), pq.ExecStatus.COPY_OUT, wire)
    arrives = select.poll()
    arrives.register(wire.socket, select.POLLIN)
    read = wire.get_copy_data
    while True:
        length, data = read(1)
        if length > 0:
            yield bytes(data)
        elif length == 0:  # nothing here yet: wait outside libpq, where an interruption is heard
            arrives.poll()
            wire.consume_input()
        else:
            break
    _finish(wire)


def batches(connection: Connection, query: sql.Composed) -> Iterator[list[bytes]]:
    """Tell the rows of a binary COPY, many at a time; header and trailer are taken off."""
    batch: list[bytes] = []
    for frame in frames(connection, query):
        row = frame[_HEADER_LENGTH:] if frame.startswith(_HEADER) else frame
        if row in {b"", _TRAILER}:
            continue
        batch.append(row)
        if len(batch) == _BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def blocks(connection: Connection, query: sql.Composed) -> Iterator[bytes]:
    """Tell the frames joined to blocks of some 64 KiB, each ending with a whole row."""
    held: list[bytes] = []
    size = 0
    for frame in frames(connection, query):
        held.append(frame)
        size += len(frame)
        if size >= _BATCH_BYTES:
            yield b"".join(held)
            held.clear()
            size = 0
    if held:
        yield b"".join(held)


def load(connection: Connection, query: sql.Composed, data: Iterable[bytes]) -> int:
    """Run a ``COPY … FROM STDIN`` with these bytes; tell how many rows it wrote."""
    wire = connection.pgconn
    _expect(wire.exec_(query.as_bytes(connection)), pq.ExecStatus.COPY_IN, wire)
    before, wire.nonblocking = wire.nonblocking, 0
    try:
        for block in data:
            wire.put_copy_data(block)
        wire.put_copy_end()
    except BaseException:
        _abort(wire)
        raise
    finally:
        wire.nonblocking = before
    return _finish(wire)


def _abort(wire: pq.abc.PGconn) -> None:
    """Take a COPY back, so that the connection can roll back what went before."""
    with contextlib.suppress(psycopg.OperationalError):
        wire.put_copy_end(b"the other side stopped")
    while wire.status == pq.ConnStatus.OK and wire.get_result() is not None:
        pass


def _expect(result: pq.abc.PGresult, status: pq.ExecStatus, wire: pq.abc.PGconn) -> None:
    if result.status != status:
        _refuse(result, wire)


def _finish(wire: pq.abc.PGconn) -> int:
    """Read what ends a COPY; tell the rows it counted."""
    rows = 0
    while (result := wire.get_result()) is not None:
        if result.status != pq.ExecStatus.COMMAND_OK:
            _refuse(result, wire)
        rows = result.command_tuples or 0
    return rows


def _refuse(result: pq.abc.PGresult, wire: pq.abc.PGconn) -> None:
    if wire.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError("the connection was lost")
    while wire.get_result() is not None:
        pass
    raise psycopg.errors.error_from_result(result)
