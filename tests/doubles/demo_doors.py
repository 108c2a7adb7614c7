"""The demo's schema and policy in a test database, with doors, for tests that go through them."""

from datetime import date
from importlib.resources import files

from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.door import Applied, Doors
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace
from klover.store.connect import Connection
from klover.store.inspect import read_catalog

NOW = "2026-11-24T00:00:00.000000+00:00"
TODAY = date(2026, 11, 24)


def load_application(connection: Connection) -> None:
    """Create the demo application's tables."""
    text = files("klover.demo").joinpath("application.sql").read_text()
    with connection.transaction():
        connection.execute("set local search_path = public")
        connection.execute(text.encode())


def resolve(
    connection: Connection, policy: str | None = None, countries: str | None = None
) -> Resolved:
    """Hold a policy's text (the demo's, unless given) against the database."""
    text = policy or files("klover.demo").joinpath("klover.yaml").read_text()
    return trace(parse(text, "klover.yaml", countries), read_catalog(connection))


def compiled(connection: Connection, resolved: Resolved, sessions: int = 2) -> Doors:
    """Compile for the connection's own database."""
    return door.compile_doors(
        resolved,
        database=connection.info.dbname,
        sessions=sessions,
        epochs=door.read_epochs(connection),
    )


def open_doors(connection: Connection, doors: Doors) -> Applied:
    """Apply, with a recorder in memory."""
    return door.apply(connection, doors, MemoryRecorder(), NOW)
