"""When an audience is open: windows of local time turned into instants.

Pure: the instant is an argument, zones are data (``zones``). A local time that never happens is
the moment the clocks are set forward. Where one happens twice the choice is the strict one: a
window opens at the later instant and closes at the earlier. A window that runs over midnight
belongs to the day it begins on.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from klover.policy.admission import Window
from klover.policy.zones import zone

_AHEAD = timedelta(days=8)
"""How far windows that follow one another are joined; no session lives as long."""
_DAY = 24 * 60
_SECOND = timedelta(seconds=1)


def closes_at(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Tell when the hours that ``now`` (with a zone) lies in end, in UTC; None outside of them.

    Windows that overlap or touch count as one.
    """
    closing: datetime | None = None
    at = now
    while at < now + _AHEAD:
        ends = [end for window in windows for end in _around(window, at)]
        if not ends:
            break
        closing = at = max(ends)
    return closing


def _around(window: Window, at: datetime) -> Iterable[datetime]:
    """Tell when ``window`` ends, where it is open at ``at``."""
    here = zone(window.zone)
    if here is None:
        return  # a zone that nobody knows is never open
    today = at.astimezone(here).date()
    for day in (today, today - timedelta(days=1)):
        if day.weekday() not in window.days:
            continue
        last = window.ends if window.ends > window.begins else window.ends + _DAY
        opening = max(_instants(day, window.begins, here))
        closing = min(_instants(day, last, here))
        if opening <= at < closing:
            yield closing


def _instants(day: date, minutes: int, here: tzinfo) -> tuple[datetime, datetime]:
    """Tell the instants that a local time can mean; mostly they are the same."""
    local = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - gets its zone below
    first, second = (local.replace(tzinfo=here, fold=fold).astimezone(UTC) for fold in (0, 1))
    if second < first:  # never: read with either offset, it lies on the other side of the change
        first = second = _change(second, first, here)
    return first, second


def _change(before: datetime, after: datetime, here: tzinfo) -> datetime:
    """Find the second between two instants at which clocks are set."""
    offset = before.astimezone(here).utcoffset()
    while (between := (after - before) // _SECOND) > 1:
        middle = before + between // 2 * _SECOND
        if middle.astimezone(here).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
