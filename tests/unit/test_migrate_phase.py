"""The phases of a migration: steps lead on, a changed source leads back, never after erasure."""

import pytest
from hypothesis import given, strategies as st

from klover.migrate.phase import STEPS, TRANSITIONS, Event, Phase, after, following, reached


def test_the_steps_lead_from_new_to_swept() -> None:
    phase = Phase.NEW
    for step in STEPS:
        assert following(phase) is step
        phase = after(phase, step)
    assert phase is Phase.SWEPT
    assert following(phase) is None


def test_nothing_leads_back_once_rows_are_erased() -> None:
    for (phase, event), goal in TRANSITIONS.items():
        if reached(phase, Phase.RETIRED):
            assert event is not Event.CHANGED
            assert reached(goal, phase)


@given(st.lists(st.sampled_from(Event)))
def test_a_walk_erases_only_what_was_compared_since_the_last_copy(walk: list[Event]) -> None:
    phase, compared = Phase.NEW, False
    for event in walk:
        if (phase, event) not in TRANSITIONS:
            with pytest.raises(KeyError):
                after(phase, event)
            continue
        if event in {Event.COPY, Event.CHANGED}:
            compared = False
        if event is Event.COMPARE:
            compared = True
        if event is Event.RETIRE:
            assert compared
        phase = after(phase, event)
