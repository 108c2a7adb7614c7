"""What has changed behind the doors' back since they were applied, what it breaks, and the mend.

Three sources, each with its own line: the ground that doors rest on (``ground``), what an apply
would change now, and what the proof finds. A change is told before it breaks a door: views follow
a renamed column and hold on to one that would be dropped, so the policy is what stops fitting.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from klover.door import foreign, ground, ledger
from klover.door.apply import plan_doors
from klover.door.doors import Doors
from klover.door.ground import Change, Kind
from klover.door.proof import Proof
from klover.door.step import Step
from klover.errors import InputError, PolicyError
from klover.store.connect import Connection

_APPLY = "`klover doors apply` makes the doors anew"
_POLICY = "say it in the policy, then `klover doors apply`"
_BACK = "`klover doors apply` sets it right; find out who did it"

_MEANING: Mapping[Kind, tuple[str, str]] = {
    Kind.TABLE_NEW: (
        "no door shows it; the next apply is refused until the policy knows it",
        "say in the policy how its rows reach their subject, or that it is shared",
    ),
    Kind.TABLE_GONE: ("its views are gone with it", f"take it out of the policy; {_APPLY}"),
    Kind.TABLE_RENAMED: (
        "its views go on; the next apply is refused where the policy has the old name",
        _POLICY,
    ),
    Kind.TABLE_MADE_ANEW: ("its views are gone with the old one", _APPLY),
    Kind.TABLE_CHANGED: ("its views may show other rows than before", _APPLY),
    Kind.VIEW_CHANGED: (
        "its columns may show what the policy never gave; no apply goes through",
        "look at its query, then `klover doors suspend` and `resume` take it as it is",
    ),
    Kind.PARTITION_NEW: ("its rows show through the parent's views", _APPLY),
    Kind.PARTITION_GONE: ("its rows are no longer shown", _APPLY),
    Kind.COLUMN_NEW: (
        "no door shows it; it is restricted until the policy says its class",
        _POLICY,
    ),
    Kind.COLUMN_GONE: (
        "views that read it are gone with it; the policy no longer fits where it names it",
        f"take it out of the policy; {_APPLY}",
    ),
    Kind.COLUMN_RENAMED: (
        "views show it under the old name; under the new one it is restricted",
        _POLICY,
    ),
    Kind.TYPE_CHANGED: ("what was made for the old type may not fit", _APPLY),
    Kind.NULL_CHANGED: ("which rows hang off which may be read differently", _APPLY),
    Kind.KEY_NEW: ("the policy may trace rows another way", _APPLY),
    Kind.KEY_GONE: (
        "the policy may find no way from these rows to their subject",
        f"state it under `references:` or `key:`; {_APPLY}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One thing that is not as it was applied: what, what it breaks (which views), the mend."""

    subject: str
    what: str
    breaks: str
    views: tuple[str, ...]
    mend: str


def find_drift(
    connection: Connection,
    compiled: Callable[[], Doors],
    prove: Callable[[], Proof],
) -> tuple[Drift, ...]:
    """Tell all drift of ``connection``'s database, a primary.

    ``compiled`` holds the policy against the catalog; where it raises PolicyError, that is drift.
    Raises InputError where doors were never applied.
    """
    noted, version = ground.noted(connection), ledger.latest(connection)
    if noted is None or version is None:
        raise InputError("No doors were applied to this database yet; `klover doors apply` does.")
    found = list(explained(ground.compare(noted, ground.read(connection))))
    try:
        doors = compiled()
    except PolicyError as error:
        return (*found, _misfit(error))
    if doors.policy != version.policy:
        return (*found, _pending(version.number))
    suspended = ledger.suspensions(connection)
    if suspended:
        return tuple(found)  # what a resume makes anew cannot be told from drift
    names = [_taken(problem) for problem in foreign.taken(connection)]
    if names:
        return (*found, *names, *_violations(prove()))
    found += by_hand(plan_doors(connection, doors))
    found += _violations(prove())
    return tuple(found)


def explained(changes: Iterable[Change]) -> Iterator[Drift]:
    """Tell what each change means for the doors."""
    for change in changes:
        breaks, mend = _MEANING[change.kind]
        yield Drift(
            subject=change.subject,
            what=change.what,
            breaks=breaks,
            views=tuple(f"{view.schema}.{view.name}" for view in change.views),
            mend=mend,
        )


def by_hand(steps: Iterable[Step]) -> Iterator[Drift]:
    """Tell what an apply of the same policy would change: one line for each reason."""
    for why, group in groupby(steps, key=lambda step: step.why):
        same = list(group)
        more = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
        yield Drift(
            subject=same[0].sql.partition("\n")[0],
            what=f"would be run{more}: {why}",
            breaks="the doors are not what the policy compiles to",
            views=(),
            mend=_BACK,
        )


def _violations(proof: Proof) -> Iterator[Drift]:
    for fact in proof.violations:
        yield Drift(
            subject=f"{fact.who}, {fact.what}",
            what=fact.why,
            breaks="a violation: the doors must not be open",
            views=(),
            mend=fact.mend,
        )


def _taken(problem: str) -> Drift:
    said, _, mend = problem.partition(" Nothing was changed; ")
    return Drift(
        subject="the names of the doors",
        what=f"are not theirs alone: {said}",
        breaks="no apply goes through",
        views=(),
        mend=mend.rstrip("."),
    )


def _misfit(error: PolicyError) -> Drift:
    return Drift(
        subject="the policy",
        what=f"does not fit the database any more: {error}",
        breaks="the doors that stand go on; no apply goes through",
        views=(),
        mend=_POLICY,
    )


def _pending(version: int) -> Drift:
    return Drift(
        subject="the policy",
        what=f"is not the one of version {version}",
        breaks="doors still show what the old one gave; what was changed by hand cannot be told",
        views=(),
        mend="`klover doors plan`, then `klover doors apply`",
    )
