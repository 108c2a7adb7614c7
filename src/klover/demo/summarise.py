"""Turns what each step found into the parts of the summary; nothing is judged here."""

from dataclasses import dataclass

from klover import door
from klover.demo.evidence import Evidence
from klover.demo.feed import FeedSeen
from klover.demo.scan import Sought
from klover.demo.summary import Log, Rows, Session, SourceScan, Subjects
from klover.demo.visitors import Visit
from klover.migrate.outcome import Outcome
from klover.migrate.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What was seen at the source: the feed, and hits of the scan in so many columns."""

    feed: FeedSeen
    hits: int
    columns: int


def subjects_of(plan: Plan) -> Subjects:
    """Tell people by side, from the migration's plan."""
    homes = plan.homes
    named = {one.name or "(not shown)": one.subjects for one in homes.odd}
    if homes.without_home:
        named = {"(none given)": homes.without_home, **named}
    return Subjects(
        inside=homes.inside,
        outside=homes.outside,
        undecided=homes.undecided,
        undecided_values=named,
    )


def rows_of(plan: Plan, outcome: Outcome) -> Rows:
    """Tell rows moved and compared, and what was done at the source."""
    return Rows(
        moved=outcome.rows_moved,
        guests=sum(table.guests for table in plan.tables),
        equal=outcome.rows_equal,
        different=outcome.rows_different,
        erased=outcome.rows_erased,
        stubs=sum(table.stubs for table in plan.tables),
    )


def source_of(before: Elsewhere, after: Elsewhere, sought: Sought) -> SourceScan:
    """Tell the scan of the source, before and after."""
    return SourceScan(
        restricted_before=before.hits,
        restricted_left=after.hits,
        columns=after.columns,
        values_sought=sought.values,
    )


def session_of(visit: Visit) -> Session:
    """Tell one visitor's session."""
    audience = visit.visitor.audience
    return Session(
        name=visit.visitor.name,
        place=visit.visitor.office,
        simulated=True,
        audience=audience,
        door=None if visit.denied is not None else door.naming.schema(audience),
        statements=len(visit.answers),
        refused=visit.refused,
        denied=visit.denied,
    )


def log_of(proof: Evidence) -> Log:
    """Tell the verifier's word on the log."""
    verified = proof.verified
    return Log(
        size=verified.size,
        root=verified.root,
        verified=verified.ok,
        cosigned_by=tuple(one.witness for one in verified.cosigned_by),
        statements_recorded=proof.statements,
        inclusion_proofs=len(verified.included),
        tampered_detected=proof.tampered_detected,
        resigned_detected=proof.resigned_detected,
    )
