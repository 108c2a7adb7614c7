"""The texts that are signed: they read back as written, and nothing else reads at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from klover.errors import VerifyError
from klover.policy.statement import NONE, Change, Meaning, Objection, Point

DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
POINTS = st.builds(Point, number=st.integers(0, 10**6), link=DIGESTS)
TIMES = st.integers(10**15, 4 * 10**15).map(
    lambda microseconds: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True)
CHANGES = st.builds(
    Change,
    enclave=NAMES,
    follows=POINTS,
    replaces=st.one_of(DIGESTS, st.just(NONE)),
    adopts=DIGESTS,
    meaning=st.sampled_from(Meaning),
    differences=DIGESTS,
    time=TIMES,
)
OBJECTIONS = st.builds(Objection, enclave=NAMES, proposal=POINTS, objects=DIGESTS, time=TIMES)


@given(CHANGES)
def test_a_change_reads_back(change: Change) -> None:
    assert Change.parse(change.text) == change
    with pytest.raises(VerifyError):
        Objection.parse(change.text)


@given(OBJECTIONS)
def test_an_objection_reads_back(objection: Objection) -> None:
    assert Objection.parse(objection.text) == objection
    with pytest.raises(VerifyError):
        Change.parse(objection.text)


@given(CHANGES, st.data())
def test_a_text_that_is_not_exactly_one_is_refused(change: Change, data: st.DataObject) -> None:
    text = change.text
    at = data.draw(st.integers(0, len(text) - 1))
    other = text[:at] + data.draw(st.sampled_from(["", "\n", " ", "0", "Z", "\r"])) + text[at + 1 :]
    if other == text:
        return
    try:
        found = Change.parse(other)
    except VerifyError:
        return
    assert found.text == other
    assert found != change
