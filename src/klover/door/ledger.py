"""What Klover remembers of its doors, in tables of its own that only their owner reads.

Versions: one for each change, kept; the latest also stands in the comment of each door's schema,
which a session may read, so that the gateway can tell. Suspensions: which doors are closed, and
since when. Rights: what PUBLIC lost when the doors closed and the applications' role got for it,
so that a drop can give it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from klover.door.step import Phase, Step, write
from klover.errors import InputError
from klover.policy.plate import Plate
from klover.store.connect import Connection
from klover.store.sql import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The doors as one apply left them. Digests are SHA-256 in hex, ``applied`` is UTC."""

    number: int
    applied: str
    policy: str
    doors: str
    countries: str
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Right:
    """A privilege of PUBLIC (``taken``) or of the applications' role, the object as GRANT has it.

    ``part`` is a column where it is one's.
    """

    taken: bool
    kind: str
    what: str
    part: str
    privilege: str


def query(name: str) -> sql.SQL:
    """Tell a statement of ``life.sql``."""
    return statements("klover.door", "life.sql")[name]


def rows(connection: Connection, name: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """Ask one of them."""
    return connection.execute(query(name), parameters).fetchall()


def stands(connection: Connection) -> bool:
    """Tell whether the tables are there."""
    return bool(rows(connection, "tables_there")[0][0])


def make(connection: Connection) -> None:
    """Make the tables where they are missing; the schema ``klover`` stands."""
    if not stands(connection):
        connection.execute(query("tables"))


def versions(connection: Connection) -> tuple[Version, ...]:
    """Tell every version there was, the latest first."""
    if not stands(connection):
        return ()
    return tuple(_version(row) for row in rows(connection, "versions"))


def latest(connection: Connection) -> Version | None:
    """Tell the version that stands; None before the first apply."""
    if not stands(connection):
        return None
    found = rows(connection, "latest")
    return _version(found[0]) if found else None


def _version(row: tuple[Any, ...]) -> Version:
    number, applied, policy, doors, countries, count = row
    return Version(
        number=number,
        applied=applied,
        policy=policy,
        doors=doors,
        countries=countries,
        statements=count,
    )


def add_version(
    connection: Connection, *, time: str, policy: str, doors: str, countries: str, statements: int
) -> int:
    """Note a version; tells its number."""
    row = connection.execute(
        query("add_version"), (time, policy, doors, countries, statements)
    ).fetchone()
    return int(row[0]) if row else 0


def suspensions(connection: Connection) -> Mapping[str, str]:
    """Tell the schemas of the doors that are suspended, and since when."""
    return dict(rows(connection, "suspensions")) if stands(connection) else {}


def comment_step(schema: str, version: int, since: str | None = None) -> Step:
    """Write into a schema's comment what whoever looks into the door may know."""
    return write(
        Phase.GRANT,
        "what stands on the door",
        "comment on schema {schema} is {text}",
        {"schema": schema, "text": sql.Literal(Plate(version=version, suspended=since).text())},
    )


def expect_open(connection: Connection) -> None:
    """Raise InputError while a door is suspended: only a resume may touch doors then."""
    for schema, since in suspensions(connection).items():
        raise InputError(
            f"The door {schema} is suspended since {since}; `klover doors resume` makes it "
            "what the policy says now, and opens it."
        )


def rights(connection: Connection) -> frozenset[Right]:
    """Tell what PUBLIC and the applications' role may do now."""
    return frozenset(
        Right(taken=row[0], kind=row[1], what=row[2], part=row[3], privilege=row[4])
        for row in rows(connection, "rights")
    )


def note_rights(connection: Connection, before: Iterable[Right], after: Iterable[Right]) -> None:
    """Note what PUBLIC had ``before`` and has no more, and what the applications got for it."""
    old, new = frozenset(before), frozenset(after)
    changed = [right for right in old - new if right.taken]
    changed += [right for right in new - old if not right.taken]
    with connection.cursor() as cursor:
        cursor.executemany(
            query("note_right"),
            [
                (right.taken, right.kind, right.what, right.part, right.privilege)
                for right in sorted(changed)
            ],
        )


def noted_rights(connection: Connection) -> tuple[Right, ...]:
    """Tell what was noted."""
    if not stands(connection):
        return ()
    return tuple(
        Right(taken=row[0], kind=row[1], what=row[2], part=row[3], privilege=row[4])
        for row in rows(connection, "noted_rights")
    )
