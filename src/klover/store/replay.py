"""Waiting for a hot standby: what the primary did counts at the doors once it is replayed.

https://www.postgresql.org/docs/18/hot-standby.html
"""

import time

from klover.errors import StoreError
from klover.store.connect import Connection


def flushed_position(primary: Connection) -> str:
    """Tell how far the primary's write-ahead log is durable, as a ``pg_lsn``'s text."""
    row = primary.execute("select pg_current_wal_flush_lsn()::text").fetchone()
    return str(row[0]) if row else "0/0"


def wait_replayed(standby: Connection, position: str, *, seconds: float = 60.0) -> None:
    """Wait until ``standby`` has replayed the primary's write-ahead log up to ``position``.

    ``position`` is a ``pg_lsn`` as text. Raises StoreError after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    query = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
    while standby.execute(query, (position,)).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise StoreError(
                f"The standby did not reach {position} within {seconds:.0f} s; "
                "see whether replication runs (pg_stat_replication on the primary)."
            )
        time.sleep(0.01)
