"""A random walk of proposals, objections and time, held against a model of a few lines.

The model knows nothing of diffs: each policy stands for the set of columns it shows, and a change
tightens where the new set is part of the old one.
"""

from datetime import datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doubles.signed import ANNA, BASE, BERT, DELAY, MALLORY, OLGA, Chain, digest, sign
from klover.errors import CheckFailed, InputError, VerifyError
from klover.policy.change import MOVES, Happening, State

_COLUMNS = {
    "title": ("title: public", "title: restricted"),
    "body": ("body: public", "body: restricted"),
}
Shown = frozenset[str]
TEXTS: dict[Shown, str] = {}
for _count in range(len(_COLUMNS) + 1):
    for _chosen in combinations(sorted(_COLUMNS), _count):
        _text = BASE
        for _column, (_public, _restricted) in _COLUMNS.items():
            if _column not in _chosen:
                _text = _text.replace(_public, _restricted)
        TEXTS[frozenset(_chosen)] = _text
DIGESTS = {shown: digest(text) for shown, text in TEXTS.items()}
KEYS = st.one_of(  # the few that can do something more often than by chance
    st.just([ANNA, BERT]),
    st.just([OLGA]),
    st.lists(st.sampled_from([ANNA, BERT, MALLORY, OLGA]), unique=True, max_size=3),
)


SETS = st.sampled_from(sorted(TEXTS, key=sorted))


class Walk(RuleBasedStateMachine):
    """Drives a chain and the model side by side."""

    @initialize(shown=SETS)
    def begin(self, shown: Shown) -> None:
        self.chain = Chain()
        self.chain.propose(TEXTS[shown], ANNA, BERT)
        self.shown = shown
        self.waiting: tuple[Shown, datetime] | None = None
        self.notes: list[tuple[Shown, str]] = []

    @rule(shown=SETS, keys=KEYS)
    def propose(self, shown: Shown, keys: list[object]) -> None:
        self._pass(timedelta(microseconds=1))  # a text drawn up at the same moment is the same text
        people = [key for key in (ANNA, BERT, MALLORY, OLGA) if key in keys]
        note = sign(self.chain.change(TEXTS[shown]), *people) if people else ""
        signed = len({ANNA.name, BERT.name} & {key.name for key in people})
        tightens = shown <= self.shown
        if shown == self.shown or signed < (1 if tightens else 2):
            with pytest.raises((CheckFailed, InputError)):
                self.chain.propose(TEXTS[shown], note=note)
            return
        self.chain.propose(TEXTS[shown], note=note)
        self.notes.append((shown, note))
        if tightens:
            self.shown, self.waiting = shown, None
        else:
            self.waiting = (shown, self.chain.now + DELAY)

    @precondition(lambda self: self.notes)
    @rule(data=st.data())
    def replay_a_note(self, data: st.DataObject) -> None:
        shown, note = data.draw(st.sampled_from(self.notes))
        with pytest.raises((CheckFailed, InputError, VerifyError)):
            self.chain.propose(TEXTS[shown], note=note)

    @precondition(lambda self: self.waiting is not None)
    @rule(keys=KEYS.filter(bool))
    def object(self, keys: list[object]) -> None:
        people = [key for key in (ANNA, BERT, MALLORY, OLGA) if key in keys]
        if OLGA in people:
            self.chain.object(*people)
            self.waiting = None
        else:
            with pytest.raises(VerifyError):
                self.chain.object(*people)

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self._pass(timedelta(hours=hours))

    def _pass(self, time: timedelta) -> None:
        self.chain.now += time
        if self.waiting is not None and self.chain.now >= self.waiting[1]:
            self.shown, self.waiting = self.waiting[0], None

    @invariant()
    def the_chain_says_what_the_model_says(self) -> None:
        standing = self.chain.standing()
        assert standing.in_effect is not None
        assert standing.in_effect.policy.digest == DIGESTS[self.shown]
        assert (standing.pending is None) == (self.waiting is None)
        states = [version.state for version in standing.versions]
        assert states.count(State.IN_EFFECT) == 1
        assert states.count(State.PENDING) <= 1


Walk.TestCase.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
TestWalk = Walk.TestCase


def test_every_move_of_the_table_and_no_other() -> None:
    assert set(MOVES) == {
        (State.PENDING, Happening.DUE),
        (State.PENDING, Happening.OBJECTION),
        (State.PENDING, Happening.PROPOSAL),
        (State.IN_EFFECT, Happening.ADOPTION),
    }
    ends = {State.OBJECTED, State.SUPERSEDED, State.REPLACED}
    assert {state for state, _ in MOVES}.isdisjoint(ends)
    assert set(MOVES.values()) == ends | {State.IN_EFFECT}
