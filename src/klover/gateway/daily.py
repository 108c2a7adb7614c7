"""What each principal was shown today at each audience, counted so that no crash forgets it.

One count for all sessions of a principal at an audience, kept in memory and used from the loop's
thread only, so that two sessions never use the same rest. Before more is released than the durable
count covers, a step beyond it is made durable; after ``kill -9`` the whole step counts as used.
The day is UTC's and never goes back: with a clock that was turned back, the later day goes on.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from klover.policy.admission import Amount
from klover.policy.decide import Principal

_STEPS = 64
"""In how many steps a day's limit is made durable: few writes, and a crash costs little."""


class Tally(Protocol):
    """Counts that outlive the process. ``klover.log.tally`` is the real one."""

    def read(self) -> tuple[date, Mapping[bytes, tuple[int, int]]]:
        """Tell the day that is being counted, and (rows, bytes) by key."""
        ...

    def put(self, day: date, key: bytes, rows: int, size: int) -> None:
        """Set a count, durable once this returns; a later day forgets the one before.

        Raises RecordError when it cannot; nothing that it should have covered may be released.
        """
        ...


@dataclass(slots=True, kw_only=True)
class _Account:
    """``rows`` and ``bytes`` are used, ``kept_…`` are durable and never less."""

    rows: int
    bytes: int
    kept_rows: int
    kept_bytes: int


def account_of(principal: Principal, audience: str) -> bytes:
    """Tell the key of a principal's count at an audience; it names nobody."""
    named = json.dumps([principal.issuer, principal.subject, audience])
    return hashlib.sha256(named.encode()).digest()


class Daily:
    """Counts against the limits of a day."""

    def __init__(self, tally: Tally) -> None:
        """Go on where the tally ends. Raises RecordError when it cannot be read."""
        self._tally = tally
        self._day, kept = tally.read()
        self._accounts = {
            key: _Account(rows=rows, bytes=size, kept_rows=rows, kept_bytes=size)
            for key, (rows, size) in kept.items()
        }

    def day(self, now: datetime) -> date:
        """Tell the day that counts at ``now``: today in UTC, or the later one already begun."""
        return max(self._day, now.astimezone(UTC).date())

    def short(self, key: bytes, limit: Amount, rows: int, size: int, now: datetime) -> str | None:
        """Tell which of ``rows`` and ``bytes`` a further so many would go beyond; None if none."""
        account = self._accounts.get(key) if self.day(now) == self._day else None
        used_rows, used_bytes = (account.rows, account.bytes) if account is not None else (0, 0)
        if limit.rows is not None and used_rows + rows > limit.rows:
            return "rows"
        if limit.bytes is not None and used_bytes + size > limit.bytes:
            return "bytes"
        return None

    def take(self, key: bytes, limit: Amount, rows: int, size: int, now: datetime) -> str | None:
        """Use so many, durably; or tell which limit is in the way, and use nothing.

        Raises RecordError when the count cannot be kept.
        """
        short = self.short(key, limit, rows, size, now)
        if short is not None:
            return short
        self._begin(self.day(now))
        account = self._accounts.setdefault(
            key, _Account(rows=0, bytes=0, kept_rows=0, kept_bytes=0)
        )
        all_rows, all_bytes = account.rows + rows, account.bytes + size
        if all_rows > account.kept_rows or all_bytes > account.kept_bytes:
            kept_rows, kept_bytes = _ahead(all_rows, limit.rows), _ahead(all_bytes, limit.bytes)
            self._tally.put(self._day, key, kept_rows, kept_bytes)
            account.kept_rows, account.kept_bytes = kept_rows, kept_bytes
        account.rows, account.bytes = all_rows, all_bytes
        return None

    def settle(self) -> None:
        """Give back what was made durable ahead and not used; at the end, once no session runs."""
        for key, account in self._accounts.items():
            if (account.rows, account.bytes) != (account.kept_rows, account.kept_bytes):
                self._tally.put(self._day, key, account.rows, account.bytes)
                account.kept_rows, account.kept_bytes = account.rows, account.bytes

    def _begin(self, day: date) -> None:
        if day > self._day:
            self._day = day
            self._accounts.clear()


def _ahead(used: int, limit: int | None) -> int:
    """Tell how far to make a count durable; one without a limit goes ahead by a share of itself."""
    if limit is None:
        return used + used // _STEPS + _STEPS
    return min(limit, used + limit // _STEPS)
