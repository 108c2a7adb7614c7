"""What one principal sees of a table or column: which audiences let in, and what they show.

Values only, made from ``decide`` and ``sight``, so they cannot differ from gateway and doors;
``explain_principal`` tells them in words and as JSON. Each answer has the lines that decided it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from klover.catalog import TableName
from klover.policy.decide import Candidate
from klover.policy.explain import explain_rows
from klover.policy.model import Audience, ColumnRule, DataClass, Identifies
from klover.policy.resolved import ColumnSight, Resolved, RowsShown, Show, TableSight
from klover.policy.sight import is_inside, see

Enters = Literal["yes", "if asked", "no"]
"""``if asked``: only a purpose or reference is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an audience is shown: rows, how many columns each way, and one column if asked for.

    ``lines`` are those that decided how the column is shown, ``rows_line`` the one for its rows.
    """

    rows: RowsShown
    rows_because: str
    rows_line: int
    counts: tuple[tuple[Show, int], ...]
    column: ColumnSight | None
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One audience as a principal meets it; ``seen`` is None where nothing was asked for."""

    candidate: Candidate
    enters: Enters
    seen: Seen | None


def look(
    found: Sequence[Candidate],
    resolved: Resolved | None,
    table: TableName | None,
    column: str | None,
) -> tuple[Look, ...]:
    """Tell each candidate's answer, those that let in first; what refuses shows nothing."""
    looks = []
    for candidate in found:
        seen = None
        if resolved is not None and table is not None and candidate.fits:
            seen = seen_by(resolved, candidate.audience, table, column)
        looks.append(Look(candidate=candidate, enters=_enters(candidate), seen=seen))
    return tuple(sorted(looks, key=lambda each: ("yes", "if asked", "no").index(each.enters)))


def _enters(candidate: Candidate) -> Enters:
    if not candidate.fits:
        return "no"
    return "if asked" if candidate.needs else "yes"


def seen_by(resolved: Resolved, audience: Audience, table: TableName, column: str | None) -> Seen:
    """Tell what an audience is shown of a table and of one column of it."""
    traced = resolved.tables[table]
    sight: TableSight = see(resolved, audience)[table]
    shown = next((each for each in sight.columns if each.column == column), None)
    counts = ((show, sum(each.show is show for each in sight.columns)) for show in Show)
    lines: tuple[int, ...] = ()
    if shown is not None:
        rule = traced.columns[shown.column]
        told = [rule.line or traced.rule.line, *_of_audience(resolved, audience, rule, shown)]
        lines = tuple(dict.fromkeys(line for line in told if line))
    by_sight = sight.rows is RowsShown.ALL and not traced.rule.shared
    return Seen(
        rows=sight.rows,
        rows_because=explain_rows(resolved, traced, sight),
        rows_line=audience.line_of("sees") if by_sight else traced.rule.line,
        counts=tuple((show, count) for show, count in counts if count),
        column=shown,
        lines=lines,
    )


def _of_audience(
    resolved: Resolved, audience: Audience, rule: ColumnRule, shown: ColumnSight
) -> Iterator[int]:
    """Tell the lines of the audience that decided: what it lacks, or how it has identifiers."""
    if rule.data_class not in audience.sees and shown.show is Show.ABSENT:
        yield audience.line_of("sees")
    elif rule.data_class is DataClass.RESTRICTED and shown.show is Show.ABSENT:
        if not is_inside(resolved.policy, audience):
            yield audience.line_of("located")
        elif not audience.requires.purposes:
            yield audience.line
    if rule.identifies is not Identifies.NO and rule.data_class in audience.sees:
        yield audience.line_of("identifiers")
