"""The chain of entries in the enclave: table ``klover.policy_entry``, written on the primary.

It stands with the doors that were made from it, and reaches the standby with them. The owner of
the store can edit it; what he puts there has no signatures, so it is refused when it is read, and
what he takes away is missed (``pin``).
"""

from datetime import UTC, datetime

from klover.errors import VerifyError
from klover.event.moment import read_time, write_time
from klover.policy.change import Entry, Kind
from klover.policy.statement import START, Point
from klover.store.connect import Connection
from klover.store.sql import statements


def read(connection: Connection) -> tuple[Entry, ...]:
    """Read every entry, unchecked but for its form; none where there is no table."""
    queries = statements("klover.adopt", "keep.sql")
    if connection.execute(queries["present"]).fetchone() != (True,):
        return ()
    return tuple(_entry(*row) for row in connection.execute(queries["read"]))


def put(connection: Connection, entry: Entry) -> None:
    """Add one entry, in the caller's transaction."""
    connection.execute(
        statements("klover.adopt", "keep.sql")["put"],
        {
            "number": entry.number,
            "kind": entry.kind.value,
            "at": write_time(entry.at),
            "policy": entry.policy,
            "countries": entry.countries,
            "note": entry.note,
            "link": entry.link,
        },
    )


def prepare(connection: Connection) -> None:
    """Take the lock that keeps two changes apart, and make the table."""
    queries = statements("klover.adopt", "keep.sql")
    connection.execute(queries["wait_for_disk"])
    connection.execute(queries["lock"])
    connection.execute(queries["create"])


def head(connection: Connection) -> Point:
    """Tell where the chain ends, without checking it."""
    queries = statements("klover.adopt", "keep.sql")
    if connection.execute(queries["present"]).fetchone() != (True,):
        return START
    row = connection.execute(queries["head"]).fetchone()
    return Point(number=row[0], link=row[1]) if row else START


def clock(connection: Connection) -> datetime:
    """Tell the server's time."""
    row = connection.execute(statements("klover.adopt", "keep.sql")["clock"]).fetchone()
    assert row is not None  # noqa: S101 - a select without a table has a row
    return datetime.fromtimestamp(row[0].timestamp(), UTC)


def _entry(
    number: int, kind: str, at: str, policy: str, countries: str, note: str, link: str
) -> Entry:
    try:
        return Entry(
            number=number,
            kind=Kind(kind),
            at=read_time(at),
            policy=policy,
            countries=countries,
            note=note,
            link=link,
        )
    except ValueError:
        raise VerifyError(
            f"Entry {number} of the policy's history was altered; restore the table "
            "klover.policy_entry."
        ) from None
