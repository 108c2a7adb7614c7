"""A database of its own on a test's server, for as long as a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from klover.store.connect import Connection, connect
from klover.store.embedded import Server


@contextmanager
def own_database(server: Server, name: str) -> Iterator[Connection]:
    """Make it empty, connect to it as its owner, and drop it afterwards."""
    quoted = sql.Identifier(name)
    with connect(server.dsn(), what="the test server") as connection:
        connection.execute(sql.SQL("create database {}").format(quoted))
        try:
            with connect(server.dsn(name), what="the test database") as owner:
                yield owner
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(quoted))
