"""A database of its own on a test's server, for as long as a block runs, and copies of one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
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


def copy_database(cluster: Connection, template: str, name: str) -> None:
    """Copy a database, once the server processes of those who were in it have gone."""
    made = sql.SQL("create database {} template {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.execute(made)
        except psycopg.errors.ObjectInUse:  # the server itself has waited for some seconds
            if time.monotonic() > deadline:
                raise
        else:
            return
