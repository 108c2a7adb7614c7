"""Hours as instants: weekdays, midnight, clocks that are set forward and back."""

from collections import Counter
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from hypothesis import assume, given, settings, strategies as st

from klover.policy.admission import Window
from klover.policy.hours import closes_at
from klover.policy.zones import names, zone


def window(
    begins: str, ends: str, where: str = "UTC", days: frozenset[int] = frozenset(range(7))
) -> Window:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    return Window(days=days, begins=minutes(begins), ends=minutes(ends), zone=where, text="")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = window("08:00", "18:00", "Europe/Dublin", frozenset(range(5)))
NIGHT = window("22:00", "06:00", "UTC", frozenset({4}))  # Friday's night


@pytest.mark.parametrize(
    ("windows", "now", "closing"),
    [
        ([OFFICE], "2026-11-27T07:59:59", None),
        ([OFFICE], "2026-11-27T08:00", "2026-11-27T18:00"),  # winter: as UTC
        ([OFFICE], "2026-11-27T17:59:59", "2026-11-27T18:00"),
        ([OFFICE], "2026-11-27T18:00", None),
        ([OFFICE], "2026-11-28T12:00", None),  # Saturday
        ([OFFICE], "2026-07-01T07:00", "2026-07-01T17:00"),  # summer: an hour earlier
        ([NIGHT], "2026-11-27T21:59", None),
        ([NIGHT], "2026-11-27T23:00", "2026-11-28T06:00"),  # Friday evening
        ([NIGHT], "2026-11-28T05:59", "2026-11-28T06:00"),  # Saturday morning, Friday's night
        ([NIGHT], "2026-11-28T22:30", None),  # Saturday evening
        ([NIGHT], "2026-11-27T05:00", None),  # Thursday's night is not Friday's
        ([window("00:00", "24:00", days=frozenset({4}))], "2026-11-27T12:00", "2026-11-28T00:00"),
        (
            [window("08:00", "12:00"), window("12:00", "14:00")],
            "2026-11-27T09:00",
            "2026-11-27T14:00",
        ),
        (
            [window("08:00", "12:00"), window("11:00", "14:00")],
            "2026-11-27T11:30",
            "2026-11-27T14:00",
        ),
        (
            [window("08:00", "12:00"), window("12:01", "14:00")],
            "2026-11-27T09:00",
            "2026-11-27T12:00",
        ),
        ([window("09:00", "17:00", "Asia/Tokyo")], "2026-11-27T00:30", "2026-11-27T08:00"),
        ([], "2026-11-27T12:00", None),
        ([window("00:00", "24:00", "Nowhere/Atlantis")], "2026-11-27T12:00", None),
    ],
)
def test_when_it_is_open(windows: list[Window], now: str, closing: str | None) -> None:
    assert closes_at(windows, at(now)) == (at(closing) if closing is not None else None)


def test_an_hour_that_happens_twice_opens_late_and_closes_early() -> None:
    # On 2026-10-25 Dublin's 01:00-02:00 comes twice: 00:00-01:00 and 01:00-02:00 UTC.
    opens = [window("01:30", "04:00", "Europe/Dublin")]
    assert closes_at(opens, at("2026-10-25T00:45")) is None  # the first 01:45
    assert closes_at(opens, at("2026-10-25T01:30")) == at("2026-10-25T04:00")
    closes = [window("00:00", "01:30", "Europe/Dublin")]
    assert closes_at(closes, at("2026-10-25T00:29")) == at("2026-10-25T00:30")
    assert closes_at(closes, at("2026-10-25T01:15")) is None  # the second 01:15


def test_an_hour_that_never_happens_is_the_moment_clocks_are_set_forward() -> None:
    # On 2026-03-29 Dublin goes from 01:00 to 02:00 at 01:00 UTC.
    opens = [window("01:30", "04:00", "Europe/Dublin")]
    assert closes_at(opens, at("2026-03-29T00:59")) is None
    assert closes_at(opens, at("2026-03-29T01:00")) == at("2026-03-29T03:00")  # 02:00 on the wall
    closes = [window("00:00", "01:30", "Europe/Dublin")]
    assert closes_at(closes, at("2026-03-29T00:59")) == at("2026-03-29T01:00")
    assert closes_at(closes, at("2026-03-29T01:00")) is None
    neither = [window("01:10", "01:50", "Europe/Dublin")]
    assert all(closes_at(neither, at(f"2026-03-29T{each}")) is None for each in ("00:30", "01:15"))


def test_a_whole_day_has_no_hole_where_midnight_never_happens() -> None:
    # On 2026-04-24 Cairo goes from 00:00 to 01:00, at 22:00 UTC the day before.
    cairo = window("00:00", "24:00", "Africa/Cairo")
    for minute in range(0, 240, 15):
        assert closes_at([cairo], at("2026-04-23T20:00") + timedelta(minutes=minute)), minute
    thursday = window("00:00", "24:00", "Africa/Cairo", frozenset({3}))
    assert closes_at([thursday], at("2026-04-23T21:30")) == at("2026-04-23T22:00")


def test_always_open_ends_after_days_not_never() -> None:
    now = at("2026-11-27T12:00")
    closing = closes_at([window("00:00", "24:00")], now)
    assert closing is not None
    assert timedelta(days=8) <= closing - now < timedelta(days=10)


def test_a_zone_is_a_name_of_the_list_and_no_path() -> None:
    assert zone("Europe/Dublin") is not None
    for name in ("../zones", "europe/dublin", "", "Europe", "/etc/localtime"):
        assert zone(name) is None, name


_MINUTES = st.integers(0, 1439)


@given(
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begins=_MINUTES,
    ends=st.integers(1, 1440),
    where=st.sampled_from(sorted(names())),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_open_means_that_local_time_is_within_the_window(
    days: frozenset[int], begins: int, ends: int, where: str, now: datetime
) -> None:
    """The clock on the wall at that place shows a time of the window whenever it is open."""
    one = Window(days=days, begins=begins, ends=ends, zone=where, text="")
    closing = closes_at([one], now)
    if closing is None or begins == ends:
        return
    here = zone(where)
    assert here is not None
    local = now.astimezone(here)
    minute = local.hour * 60 + local.minute
    shown = (begins <= minute < ends) if begins < ends else (minute >= begins or minute < ends)
    belongs = local.weekday() if begins < ends or minute >= begins else (local.weekday() - 1) % 7
    assert shown
    assert belongs in days
    assert now < closing


@given(
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begins=_MINUTES,
    ends=st.integers(1, 1440),
    now=st.datetimes(datetime(2000, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_where_clocks_are_never_changed_open_is_exact(
    days: frozenset[int], begins: int, ends: int, now: datetime
) -> None:
    one = Window(days=days, begins=begins, ends=ends, zone="UTC", text="")
    minute, day = now.hour * 60 + now.minute, now.weekday()
    if begins < ends:
        shown = day in days and begins <= minute < ends
    else:
        shown = (day in days and minute >= begins) or ((day - 1) % 7 in days and minute < ends)
    assert (closes_at([one], now) is not None) == shown


_CHANGING = (
    "Europe/Dublin", "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/Santiago",
    "America/St_Johns", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Australia/Lord_Howe",
    "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip
"""Clocks that change at midnight, by half an hour, by two, by a day."""


def next_change(here: tzinfo, after: datetime) -> datetime | None:
    """Find the next instant, to the minute, at which clocks are set, within ten years."""
    day = timedelta(days=1)
    for _ in range(3653):
        if (after + day).astimezone(here).utcoffset() != after.astimezone(here).utcoffset():
            steps = (after + timedelta(minutes=each) for each in range(1441))
            before = after.astimezone(here).utcoffset()
            return next(each for each in steps if each.astimezone(here).utcoffset() != before)
        after += day
    return None


_NEAR = st.integers(-60, 60) | st.integers(-720, 720)
"""Minutes from the change, on the wall."""


@settings(max_examples=500)
@given(
    days=st.frozensets(st.integers(0, 6), min_size=5),
    begins=_NEAR,
    ends=_NEAR,
    where=st.sampled_from(_CHANGING),
    after=st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    beside=st.integers(-60, 60) | st.integers(-1800, 1800),
)
def test_where_clocks_are_set_open_is_exact_but_for_times_that_come_twice(
    days: frozenset[int], begins: int, ends: int, where: str, after: datetime, beside: int
) -> None:
    here = zone(where)
    assert here is not None
    change = next_change(here, after.replace(second=0, microsecond=0))
    assume(change is not None)
    assert change is not None
    wall = minute_of(change.astimezone(here))
    begins, ends = (wall + begins) % 1440, (wall + ends) % 1440 or 1440
    assume(begins != ends)
    local = (change + timedelta(minutes=beside)).astimezone(here)
    minute, day = minute_of(local), local.weekday()
    if begins < ends:
        shown = day in days and begins <= minute < ends
    else:
        shown = (day in days and minute >= begins) or ((day - 1) % 7 in days and minute < ends)
    one = Window(days=days, begins=begins, ends=ends, zone=where, text="")
    is_open = closes_at([one], local) is not None
    assert shown or not is_open
    if shown and not is_open:
        beside_it = (change + timedelta(minutes=each) for each in range(-1441, 1441))
        walls = Counter(each.astimezone(here).replace(tzinfo=None) for each in beside_it)
        assert {minute_of(wall) for wall, times in walls.items() if times > 1} & {begins, ends}


def minute_of(local: datetime) -> int:
    return local.hour * 60 + local.minute
