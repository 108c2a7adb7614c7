"""What each step of a migration does, over the connections of ``Work``.

A step returns what to keep of it. All but ``separate`` run inside the enclave's transaction that
moves to the next phase, so what they write there and the phase are one. ``retire`` commits at the
source first: its note there tells, after a crash, that the erasure happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from klover.errors import CheckFailed, InputError
from klover.migrate import needle, residue
from klover.migrate.compare import compare
from klover.migrate.copy import copy
from klover.migrate.keyspace import separate
from klover.migrate.phase import Event
from klover.migrate.plan import Json, Plan
from klover.migrate.retire import lock, refuse_changed, retire
from klover.migrate.snapshot import refuse_loose_keys, refuse_problems, take
from klover.migrate.state import Marker, Standing, read_marker, refuse_marked, refuse_set_back
from klover.migrate.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a step: for its record, and for the outcome."""

    subjects: int = 0
    rows: int = 0
    digest: str = ""
    plan: Plan | None = None
    outcome: Json = field(default_factory=dict)


def _plan(work: Work, _standing: Standing) -> Done:
    plan = work.plan()
    refuse_problems(plan)
    return Done(rows=plan.rows, plan=plan)


def _check(work: Work, standing: Standing) -> Done:
    others = work.state.others()
    if others:
        raise InputError(
            f"The enclave already holds other data: rows of the source {others[0]}. Nothing was "
            "changed; one cell takes one source for now."
        )
    work.refuse_unfit(loaded=bool(standing.outcome.get("loaded")))
    return Done()


def _copy(work: Work, standing: Standing) -> Done:
    plan = work.plan()
    refuse_problems(plan)
    # In the snapshot itself: what was erased before it must not replace what is inside.
    refuse_marked(work.source, **work.parts.names)
    rows, made = copy(
        work.snapshot(),
        work.enclave,
        **work.parts.names,
        replace=standing.outcome.get("loaded"),
        tick=work.parts.tick(Event.COPY),
        at=work.parts.at,
    )
    return Done(rows=rows, plan=plan, outcome={"loaded": made, "rows_moved": rows})


def _compare(work: Work, _standing: Standing) -> Done:
    tick = work.parts.tick(Event.COMPARE)
    comparison = compare(work.snapshot(), work.enclave, **work.parts.names, tick=tick)
    refuse_changed(comparison)
    outcome = {
        "rows_equal": comparison.rows_equal,
        "rows_different": comparison.rows_different,
        "digest": comparison.digest,
    }
    return Done(rows=comparison.rows_equal, digest=comparison.digest, outcome=outcome)


def _separate(work: Work, _standing: Standing) -> Done:
    with work.parts.open_source() as source:
        number = separate(
            source,
            work.enclave,
            work.parts.resolved,
            who=work.parts.names,
            tick=work.parts.tick(Event.SEPARATE),
            at=work.parts.at,
        )
    return Done(rows=number, outcome={"sequences": number})


def _seek(work: Work, _standing: Standing) -> Done:
    tick = work.parts.tick(Event.SEEK)
    snapshot = work.snapshot()
    needles = needle.collect(snapshot, salt=work.parts.salt(), tick=tick)
    before = residue.scan(work.source, work.parts.resolved.catalog, needles, tick)
    if needles.digests and not before.found:
        raise CheckFailed(
            "The scan for restricted values finds none of those that are still there, so it would "
            "prove nothing. Nothing was erased. This is a fault of Klover: report it."
        )
    work.state.put_needles(
        salt=needles.salt, rate=needles.rate, shared=needles.shared, digests=needles.joined()
    )
    outcome = {
        "values_sought": len(needles.digests),
        "values_shared": needles.shared,
        "sought_one_in": needles.rate,
        "found_before": before.found,
    }
    return Done(rows=before.found, outcome=outcome)


def _retire(work: Work, standing: Standing) -> Done:
    work.close_snapshot()
    parts, source = work.parts, work.source
    tick = parts.tick(Event.RETIRE)
    tables = [work.shape(name) for name in parts.resolved.base_tables()]
    lock(work.enclave, tables)
    with source.transaction():
        lock(source, tables)
        parts.at("retire:locked")
        marker = read_marker(source, **parts.names)
        if marker is not None:
            return _retired_before(standing, marker)
        snapshot = take(source, parts.resolved, parts.today, tick, parts.addresses)
        refuse_loose_keys(snapshot)
        comparison = compare(snapshot, work.enclave, **parts.names, tick=tick)
        refuse_changed(comparison)
        parts.at("retire:compared")
        gone = retire(snapshot, tick=tick, at=parts.at)
        rows = gone.erased + gone.reduced
        work.state.leave_marker(
            source,
            run=standing.run,
            policy=standing.policy,
            erased=gone.erased,
            reduced=gone.reduced,
            digest=comparison.digest,
        )
        parts.at("retire:before-source-commit")
    parts.at("retire:source-committed")
    outcome = {"rows_erased": gone.erased, "rows_reduced": gone.reduced}
    return Done(rows=rows, digest=comparison.digest, outcome=outcome)


def _retired_before(standing: Standing, marker: Marker) -> Done:
    """Take the source's word for what an interrupted try has done."""
    refuse_set_back(marker, standing)
    return Done(
        rows=marker.erased + marker.reduced,
        digest=marker.digest,
        outcome={"rows_erased": marker.erased, "rows_reduced": marker.reduced},
    )


def _sweep(work: Work, _standing: Standing) -> Done:
    tick = work.parts.tick(Event.SWEEP)
    residue.clean(work.source, [work.shape(name) for name in work.traced()])
    salt, rate, shared, joined = work.state.needles()
    needles = needle.from_joined(salt=salt, rate=rate, shared=shared, joined=joined)
    left = residue.scan(work.source, work.parts.resolved.catalog, needles, tick)
    if left.found:
        where = ", ".join(f"{place} ({number})" for place, number in left.places)
        raise CheckFailed(
            f"{left.found} restricted values are still at the source, in {where}. The rows are "
            "erased and stand inside; refresh or clear those places and run the same command again."
        )
    return Done(outcome={"restricted_left": left.found})


STEPS: Mapping[Event, Callable[[Work, Standing], Done]] = {
    Event.PLAN: _plan,
    Event.CHECK: _check,
    Event.COPY: _copy,
    Event.COMPARE: _compare,
    Event.SEPARATE: _separate,
    Event.SEEK: _seek,
    Event.RETIRE: _retire,
    Event.SWEEP: _sweep,
}
OWN_TRANSACTIONS = frozenset({Event.SEPARATE})
"""Steps that commit at the enclave on their own, before the phase moves."""
