"""Holds what a session is shown against the limits of its audience.

A row is whatever can tell something: a row, a part of a COPY, an error, a notice. A byte is any of
the server's. Asked before each piece is released; what was granted is used, and for the day's
limits durably so. The day's counts are shared by all sessions of a principal (``daily``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from klover.gateway.daily import Daily
from klover.policy.admission import Amount, Limits
from klover.policy.parse.limits import told_size

LIMITED = "54000"
"""program_limit_exceeded"""
_SMALLEST_ROW = 5
"""Bytes: a COPY's part without content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A limit that is in the way."""

    reason: str
    """For records: ``the limit of 10000 rows a session is reached``."""
    again: str
    """What to do: when it begins anew."""

    @property
    def sentence(self) -> str:
        """Tell the client."""
        return f"Klover: {self.reason}; {self.again}."


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAccount:
    """A principal's count at an audience."""

    daily: Daily
    key: bytes
    limit: Amount
    now: Callable[[], datetime]

    def used_up(self) -> Reached | None:
        """Tell whether nothing at all can be shown any more today."""
        now = self.now()
        short = self.daily.short(self.key, self.limit, 1, 1, now)
        return day_reached(self.limit, short, self.daily.day(now)) if short is not None else None

    def roomy(self, rows: int, size: int) -> bool:
        """Tell whether so many would be granted."""
        return self.daily.short(self.key, self.limit, rows, size, self.now()) is None

    def take(self, rows: int, size: int) -> Reached | None:
        """Use so many, or tell what is in the way. Raises RecordError."""
        now = self.now()
        short = self.daily.take(self.key, self.limit, rows, size, now)
        return day_reached(self.limit, short, self.daily.day(now)) if short is not None else None


class Meter:
    """Counts one session. ``day`` is None where the audience has no limit of a day."""

    def __init__(self, limits: Limits, day: DayAccount | None) -> None:
        self._session = limits.session
        self._day = day
        self._rows = 0
        self._bytes = 0

    def roomy(self, size: int) -> bool:
        """Tell whether any ``size`` bytes would be granted, whatever messages they are."""
        rows = size // _SMALLEST_ROW
        if self._short(rows, size) is not None:
            return False
        return self._day is None or self._day.roomy(rows, size)

    def take(self, rows: int, size: int) -> Reached | None:
        """Use so many, or tell what is in the way and use nothing. Raises RecordError."""
        short = self._short(rows, size)
        if short is not None:
            told = _told(self._session, short)
            return Reached(
                reason=f"the limit of {told} a session is reached",
                again="connect again for another session",
            )
        reached = self._day.take(rows, size) if self._day is not None else None
        if reached is None:
            self._rows += rows
            self._bytes += size
        return reached

    def _short(self, rows: int, size: int) -> str | None:
        limit = self._session
        if limit.rows is not None and self._rows + rows > limit.rows:
            return "rows"
        if limit.bytes is not None and self._bytes + size > limit.bytes:
            return "bytes"
        return None


def day_reached(limit: Amount, short: str, day: date) -> Reached:
    """Tell that a day's limit is in the way, and when the next day begins."""
    begins = day + timedelta(days=1)
    return Reached(
        reason=f"the limit of {_told(limit, short)} a day is reached",
        again=f"it begins anew at {begins.isoformat()} 00:00 UTC",
    )


def _told(limit: Amount, short: str) -> str:
    if short == "bytes":
        return told_size(limit.bytes or 0)
    return "1 row" if limit.rows == 1 else f"{limit.rows} rows"
