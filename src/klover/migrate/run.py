"""A migration as a whole: step after step, each durable, each on record, each to be killed at will.

``Migration`` reads where it stands from the enclave and goes on from there. A step's *begun* is on
record before it starts; its effect and its phase are one transaction; its *done* goes on record
afterwards, once more after a crash in between. What a step does stands in ``steps``.
"""

from klover.errors import CheckFailed, InputError
from klover.event import MigrationStep
from klover.migrate.compare import Comparison, compare
from klover.migrate.faults import told
from klover.migrate.outcome import Outcome, outcome_of
from klover.migrate.phase import Event, Phase, after, following, reached
from klover.migrate.plan import Plan
from klover.migrate.snapshot import make_plan, open_snapshot, refuse_problems
from klover.migrate.state import (
    Standing,
    State,
    StepDone,
    read_marker,
    refuse_marked,
    refuse_set_back,
)
from klover.migrate.steps import OWN_TRANSACTIONS, STEPS, Done
from klover.migrate.work import Parts, Work


class Migration:
    """Brings one source's Europeans into one cell. Made anew for each process."""

    def __init__(self, parts: Parts) -> None:
        """Nothing is connected yet."""
        self._parts = parts

    def plan(self) -> Plan:
        """Say what would happen; reads the source only. Problems stand in the plan.

        Raises InputError when this source's people have gone home: what is left are stubs.
        """
        parts = self._parts
        with told(**parts.names), parts.open_source() as source:
            tick = parts.tick(Event.PLAN)
            refuse_marked(source, **parts.names)
            with open_snapshot(
                source, parts.resolved, parts.today, tick, parts.addresses
            ) as snapshot:
                return make_plan(snapshot, **parts.names)

    def status(self) -> Outcome | None:
        """Tell where the migration stands; None when none has begun. Changes nothing."""
        with told(**self._parts.names), self._parts.open_enclave() as enclave:
            standing = State(enclave, **self._parts.names).read()
            return None if standing is None else outcome_of(standing)

    def compare(self) -> Comparison:
        """Compare both sides once more as they stand; changes nothing.

        Raises InputError before the copy and after the erasure, when there is nothing to compare.
        """
        with told(**self._parts.names), Work(self._parts) as work:
            standing = work.state.read()
            if standing is None or not reached(standing.phase, Phase.COPIED):
                raise InputError("Nothing has been copied yet: run `klover migrate run` first.")
            if reached(standing.phase, Phase.RETIRED):
                raise InputError("The source's rows have been erased: nothing is left to compare.")
            tick = self._parts.tick(Event.COMPARE)
            return compare(work.snapshot(), work.enclave, **self._parts.names, tick=tick)

    def run(self, until: Phase = Phase.SWEPT) -> Outcome:
        """Go on from where the migration stands until ``until`` is reached.

        Raises InputError for what has to be changed first, CheckFailed when a check did not hold.
        """
        with told(**self._parts.names), Work(self._parts) as work:
            standing = self._enter(work)
            while not reached(standing.phase, until):
                step = following(standing.phase)
                if step is None:
                    break
                standing = self._step(work, standing, step)
            return outcome_of(standing)

    def _enter(self, work: Work) -> Standing:
        """Find where the migration stands; a first run is refused before anything is written."""
        if work.state.read() is None:
            refuse_marked(work.source, **self._parts.names)
            work.refuse_unfit(loaded=False)
            refuse_problems(work.plan())
        work.state.prepare()
        if work.state.read() is None:
            run = f"{self._parts.source}-{self._parts.cell}-1"
            work.state.begin(run, self._parts.resolved.policy.digest)
        standing = work.standing()
        self._catch_up(work, standing)
        if reached(standing.phase, Phase.RETIRED):
            return standing
        marker = read_marker(work.source, **self._parts.names)
        if marker is not None:  # erased, and killed before the enclave knew: there is no way back
            refuse_set_back(marker, standing)
        elif standing.policy != self._parts.resolved.policy.digest:
            return self._back(work, standing)
        return standing

    def _back(self, work: Work, standing: Standing) -> Standing:
        """Send the migration back to its beginning: the source or the policy has changed."""
        phase = standing.phase
        goal = phase if phase is Phase.NEW else after(phase, Event.CHANGED)
        work.state.move(goal, policy=self._parts.resolved.policy.digest)
        return work.standing()

    def _step(self, work: Work, standing: Standing, step: Event) -> Standing:
        at = self._parts.at
        work.state.step_begun(standing.run, step.value)
        self._record(standing, step.value, "begun", Done())
        at(f"{step.value}:begun")
        try:
            if step in OWN_TRANSACTIONS:
                done = STEPS[step](work, standing)
                with work.enclave.transaction():
                    self._end(work, standing, step, done)
            else:
                with work.enclave.transaction():
                    self._end(work, standing, step, STEPS[step](work, standing))
        except CheckFailed:
            work.close_snapshot()
            if not reached(standing.phase, Phase.RETIRED):
                self._back(work, standing)
            raise
        at(f"{step.value}:committed")
        self._catch_up(work, standing)
        at(f"{step.value}:recorded")
        return work.standing()

    def _end(self, work: Work, standing: Standing, step: Event, done: Done) -> None:
        """Write, in the enclave's transaction at hand, that the step is done."""
        plan = done.plan or standing.plan
        work.state.step_done(
            standing.run,
            step.value,
            subjects=plan.homes.inside if plan else 0,
            rows=done.rows,
            digest=done.digest,
        )
        work.state.move(
            after(standing.phase, step),
            policy=self._parts.resolved.policy.digest,
            plan=done.plan,
            outcome=done.outcome,
        )
        self._parts.at(f"{step.value}:before-commit")

    def _catch_up(self, work: Work, standing: Standing) -> None:
        """Put on record what was done; a repeat after a crash is told apart by run and step."""
        for done in work.state.unrecorded():
            self._record(standing, done.step, "done", done)
            work.state.recorded(standing.run, done)

    def _record(self, standing: Standing, step: str, state: str, done: Done | StepDone) -> None:
        parts = self._parts
        parts.recorder.append(
            MigrationStep(
                time=parts.now(),
                run=standing.run,
                source=parts.source,
                cell=parts.cell,
                step=step,
                state=state,
                subjects=done.subjects,
                rows=done.rows,
                digest=done.digest,
                countries_edition=parts.resolved.policy.countries.edition,
                addresses=parts.addresses.name if parts.addresses is not None else None,
            )
        )
        parts.recorder.flush()
