"""One American's feed, read from the application's database elsewhere with its own statement."""

from dataclasses import dataclass
from typing import Any

import psycopg

from klover.store.sql import statements

_SQL = statements("klover.demo", "feed.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSeen:
    """What the application shows: the feed's rows, and how many of those followed are there."""

    rows: tuple[tuple[Any, ...], ...]
    followed: int


def feed(connection: psycopg.Connection[Any], account: int) -> FeedSeen:
    """Read the feed of ``account``."""
    given = {"account": account}
    followed = connection.execute(_SQL["followed"], given).fetchone()
    return FeedSeen(
        rows=tuple(connection.execute(_SQL["feed"], given).fetchall()),
        followed=int(followed[0]) if followed else 0,
    )


def like_newest(connection: psycopg.Connection[Any], account: int, seen: FeedSeen) -> None:
    """Go on using the application: like the newest video of the feed, then take it back."""
    with connection.transaction(force_rollback=True):
        connection.execute(_SQL["like_video"], {"account": account, "video": seen.rows[0][0]})
