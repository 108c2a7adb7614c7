"""Servers of tests that run with another setting, for as long as a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import connect
from klover.store.embedded import Server


@contextmanager
def set_for_now(server: Server, setting: str, value: str) -> Iterator[None]:
    """Change a setting of a server that runs, and put back what it was."""
    name = sql.Identifier(setting)
    change = sql.SQL("alter system set {} = {}")
    with connect(server.dsn(), what="the test server") as owner:
        row = owner.execute("select current_setting(%s)", (setting,)).fetchone()
        assert row is not None
        owner.execute(change.format(name, value))
        owner.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            owner.execute(change.format(name, str(row[0])))
            owner.execute("select pg_reload_conf()")


@contextmanager
def without_autovacuum(binaries: Binaries, name: str = "test") -> Iterator[Server]:
    """Run a server where nobody but a test moves rows.

    An autovacuum makes room on pages before, and its look keeps a vacuum of a test's from doing so:
    how many pages a table has, and where a row lies, would be its doing.
    """
    settings = {"autovacuum": "off"}
    with embedded.scratch(name=name, binaries=binaries, settings=settings) as running:
        yield running
