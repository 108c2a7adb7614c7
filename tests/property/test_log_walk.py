"""A random walk of writers, sequencer, witness and erasures, with crashes before random steps.

A crash drops every object without closing it, as a killed process would; locks end with it.
After each act the log as it stands verifies; once the sequencer has run to its end, what was
acknowledged is there, in order, once.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from doubles.log_bench import LOG_KEY, ORIGIN, Bench, finding
from klover.errors import InputError
from klover.log import Log, SpoolWriter
from klover.log.durable import no_failpoint
from klover.log.files import list_entries

WRITERS = st.sampled_from(["gateway", "migration"])


class Crash(BaseException):
    """The process ends here."""


def crash_before(step: int | None) -> Callable[[str], None]:
    if step is None:
        return no_failpoint
    left = [step]

    def failpoint(_: str) -> None:
        if not left[0]:
            raise Crash
        left[0] -= 1

    return failpoint


STEPS = st.none() | st.integers(0, 14)


class Walk(RuleBasedStateMachine):
    """Folders on disk and what the world outside was told."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.bench = Bench(folder=Path(self._folder.name))
        self.acknowledged = {"gateway": 0, "migration": 0}
        self.erased: set[int] = set()
        self.published = False

    def teardown(self) -> None:
        try:
            self.recover()
        finally:
            self._folder.cleanup()

    @rule(name=WRITERS, count=st.integers(0, 9), crash=STEPS)
    def write(self, name: str, count: int, crash: int | None) -> None:
        writer: SpoolWriter | None = None
        try:
            writer = self.bench.writer(name, failpoint=crash_before(crash))
            for _ in range(count):
                writer.append(finding(0))
                self.acknowledged[name] = writer.flush()
            writer.close()
        except Crash:
            drop(writer)

    @rule(crash=STEPS)
    def integrate(self, crash: int | None) -> None:
        self._sequence(crash, lambda log: log.integrate([self.bench.witness()]))

    @precondition(lambda self: self.published)
    @rule(which=st.integers(0, 60), crash=STEPS)
    def erase(self, which: int, crash: int | None) -> None:
        index = which % max(1, len(self.bench.entries()))

        def act(log: Log) -> None:
            try:
                log.erase(index, [self.bench.witness()])
                self.erased.add(index)
            except InputError:  # it has no payload, or no longer
                return

        self._sequence(crash, act)

    @invariant()
    def the_log_holds(self) -> None:
        """Not after a recovery only: what is published has to hold while the sequencer is down."""
        if self.published:
            found = self.bench.verify()
            assert found.ok, found.problems

    @rule()
    def recover(self) -> None:
        """Run the sequencer to its end: nothing that was acknowledged is lost."""
        self._sequence(None, lambda log: log.integrate([self.bench.witness()]))
        found = self.bench.verify()
        assert found.ok, found.problems
        assert found.absent == 0
        entries = list(list_entries(self.bench.log))
        assert all(entries[index].payload is None for index in self.erased)
        for name, count in self.acknowledged.items():
            sequence = [e.leaf.seq for e in entries if e.leaf.writer == name]
            assert sequence == list(range(len(sequence)))
            if count:
                with self.bench.writer(name) as writer:
                    assert writer.flush() >= count

    def _sequence(self, crash: int | None, act: Callable[[Log], object]) -> None:
        log: Log | None = None
        try:
            log = Log.open(self.bench.log, ORIGIN, LOG_KEY, failpoint=crash_before(crash))
            act(log)
            self.published = True
            log.close()
        except Crash:
            drop(log)


def drop(left: SpoolWriter | Log | None) -> None:
    """Close what a dead process would have let go of, without its doing anything more."""
    if isinstance(left, SpoolWriter):
        left._release()
    elif left is not None:
        left.close()


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
