"""Holds what was seen against what has to be; each check can fail, and says what it looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

from klover.demo.evidence import Evidence
from klover.demo.feed import FeedSeen
from klover.demo.people import Population
from klover.demo.statements import STATEMENTS
from klover.demo.summary import Check, Rows, SourceScan, Subjects
from klover.demo.visitors import Visit

_INSIDE = "trust-and-safety"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What all steps found; ``before`` and ``after`` the move."""

    population: Population
    subjects: Subjects
    rows: Rows
    source: SourceScan
    before: FeedSeen
    after: FeedSeen
    visits: Sequence[Visit]
    intruder: Visit
    evidence: Evidence


def judge(seen: Seen) -> tuple[Check, ...]:
    """List every check of the demonstration with its verdict."""
    return (*_move(seen), *_visits(seen), *_log(seen))


def _move(seen: Seen) -> tuple[Check, ...]:
    people, rows, source = seen.population, seen.rows, seen.source
    found = (seen.subjects.inside, seen.subjects.outside, seen.subjects.undecided)
    return (
        Check(
            name="Everybody is on the side where they belong",
            holds=found == (people.inside, people.outside, people.undecided),
            detail="counted against the people as they were made",
        ),
        Check(
            name="Every row that moved was compared and is equal",
            holds=rows.moved == rows.equal > 0 and rows.different == 0,
            detail=f"{rows.equal:,} equal, {rows.different:,} different",
        ),
        Check(
            name="No restricted value of a European is left at the source",
            holds=source.restricted_left == 0 < source.restricted_before,
            detail=f"{source.restricted_before:,} hits before, {source.restricted_left:,} after",
        ),
        Check(
            name="The American's feed works as before",
            holds=seen.before == seen.after and bool(seen.before.rows),
            detail=f"{len(seen.after.rows)} rows, the same; a new like is accepted",
        ),
    )


def _visits(seen: Seen) -> tuple[Check, ...]:
    intruder = seen.intruder
    return (
        Check(
            name="Each visitor got what the policy gives, and no more",
            holds=all(_as_expected(visit) for visit in seen.visits),
            detail=f"{_asked(seen)} answers held against the list of what each should get",
        ),
        Check(
            name="From Beijing the door to restricted data stays shut",
            holds=intruder.denied is not None and not intruder.answers,
            detail=intruder.denied or "let in",
        ),
    )


def _log(seen: Seen) -> tuple[Check, ...]:
    evidence, verified, asked = seen.evidence, seen.evidence.verified, _asked(seen)
    return (
        Check(
            name="The log verifies from its files and public keys alone",
            holds=verified.ok and len(verified.included) == evidence.of_sessions > 0,
            detail=f"{verified.size:,} entries, {len(verified.included):,} inclusion proofs",
        ),
        Check(
            name="Every statement of every visitor is in it",
            holds=evidence.statements == asked > 0,
            detail=f"{evidence.statements:,} on record, {asked:,} asked",
        ),
        Check(
            name="The overseer has cosigned the checkpoint",
            holds=len(verified.cosigned_by) == 1,
            detail=", ".join(one.witness for one in verified.cosigned_by),
        ),
        Check(
            name="A copy with one changed record is caught",
            holds=evidence.tampered_detected,
            detail=_first(evidence.tampered.problems),
        ),
        Check(
            name="A copy rewritten and signed with the log's own key is caught",
            holds=evidence.resigned_detected,
            detail=f"{_first(evidence.resigned.problems)} Without the overseer it would pass.",
        ),
    )


def _asked(seen: Seen) -> int:
    return sum(len(visit.answers) for visit in seen.visits)


def _as_expected(visit: Visit) -> bool:
    """Tell whether each answer is a refusal that was due, or rows where rows were due."""
    if visit.denied is not None or len(visit.answers) != len(STATEMENTS):
        return False
    inside = visit.visitor.audience == _INSIDE
    for statement, answer in zip(STATEMENTS, visit.answers, strict=True):
        due = statement.inside if inside else statement.abroad
        if (answer.sqlstate in due) if due else (answer.sqlstate is None and answer.count > 0):
            continue
        return False
    return True


def _first(problems: Sequence[str]) -> str:
    return problems[0] if problems else "nothing was found."
