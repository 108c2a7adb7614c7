"""Findings on what is shown: coarse columns that nobody sees so, limits below one answer."""

from collections.abc import Iterator

from klover.policy.check.say import warning
from klover.policy.coarsen import LEAST
from klover.policy.finding import Finding
from klover.policy.model import Coarsening, Policy
from klover.policy.neutral import bare_type
from klover.policy.parse.limits import told_size
from klover.policy.resolved import Resolved, RowsShown, Show, TableSight, TracedTable
from klover.policy.sight import see

_FIELD_BYTES = 19
"""Of a column in RowDescription, besides its name."""
_ENDS_BYTES = 30
"""Of the messages around a result: RowDescription's head, CommandComplete, ReadyForQuery."""


def check_sights(resolved: Resolved) -> list[Finding]:
    """List the findings on what audiences are shown of ``resolved``."""
    sights = {
        name: list(see(resolved, audience).values())
        for name, audience in resolved.policy.audiences.items()
    }
    return [
        *_nothing(resolved.policy, sights),
        *_coarse(resolved, sights),
        *_limits(resolved.policy, sights),
    ]


def _nothing(policy: Policy, sights: dict[str, list[TableSight]]) -> Iterator[Finding]:
    """Ask about an audience that is shown no column of any row."""
    for name, tables in sights.items():
        if not any(sight.shown() for sight in tables if sight.rows is not RowsShown.NONE):
            yield warning(
                policy,
                policy.audiences[name].line,
                f"Audience {name} is shown nothing: no column of a row that it may see has a class "
                "in `sees`.",
                "Classify what it needs, say which rows are public with `public_rows:`, or take it "
                "out.",
            )


def _coarse(resolved: Resolved, sights: dict[str, list[TableSight]]) -> Iterator[Finding]:
    """Ask for a ``coarsen`` that has an effect; one pattern for many columns needs one of them."""
    seen = {
        (sight.table, column.column)
        for each in sights.values()
        for sight in each
        if sight.rows is not RowsShown.NONE
        for column in sight.columns
        if column.show is Show.COARSE
    }
    unused: dict[int, str] = {}
    used: set[int] = set()
    for name, traced in resolved.tables.items():
        for column, rule in traced.columns.items():
            if rule.coarsen is None:
                continue
            if _changes_nothing(traced, column):
                message = f"`{rule.coarsen}` changes no value of {name}.{column}."
                yield warning(resolved.policy, rule.line, message, "Choose a coarser transform.")
            if (name, column) in seen:
                used.add(rule.line)
            else:
                unused.setdefault(rule.line, f"{name}.{column}")
    for line, column in unused.items():
        if line not in used:
            yield warning(
                resolved.policy,
                line,
                f"No audience sees {column} coarse, so `coarsen` has no effect.",
                "Take it out, or the column's class into `sees` of an audience under pseudonyms.",
            )


def _changes_nothing(traced: TracedTable, name: str) -> bool:
    coarsen, column = traced.columns[name].coarsen, traced.table.column(name)
    if coarsen is None or column is None or coarsen.argument is None:
        return False
    if coarsen.by is Coarsening.ROUND:
        return coarsen.argument == 1 and bare_type(column.base_type) in LEAST
    length = column.base_type.partition("(")[2].partition(")")[0]
    return length.isdecimal() and int(length) <= coarsen.argument


def _limits(policy: Policy, sights: dict[str, list[TableSight]]) -> Iterator[Finding]:
    """Ask for limits that one answer about one row can stay below."""
    for name, audience in policy.audiences.items():
        sizes = [
            limit
            for limit in (audience.limits.session.bytes, audience.limits.day.bytes)
            if limit is not None
        ]
        tables = [sight for sight in sights[name] if sight.rows is not RowsShown.NONE]
        widest = max(tables, key=_described, default=None)
        if not sizes or widest is None or min(sizes) >= _described(widest):
            continue
        yield warning(
            policy,
            audience.line_of("limits"),
            f"Audience {name}: a limit of {told_size(min(sizes))} is smaller than the names of the "
            f"columns of {widest.table}, so not one row of it can be shown.",
            "Raise it.",
        )


def _described(sight: TableSight) -> int:
    """Tell how many bytes an answer about a whole row has before the row."""
    fields = sum(_FIELD_BYTES + len(column.column.encode()) for column in sight.shown())
    return fields + _ENDS_BYTES if fields else 0
