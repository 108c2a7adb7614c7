"""Spans of time, told the way the policy writes them."""

from datetime import timedelta

import pytest

from klover.policy.span import span_text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "0m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(minutes=1), "1m"),
        (timedelta(hours=8), "8h"),
        (timedelta(hours=24), "1d"),
        (timedelta(days=1, hours=12), "1d12h"),
        (timedelta(days=366, minutes=5), "366d5m"),
    ],
)
def test_a_span_is_told_in_its_largest_units(span: timedelta, text: str) -> None:
    assert span_text(span) == text
