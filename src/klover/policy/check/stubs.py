"""Findings on rows that leave a stub behind: whether something can stand in each column of it.

When a row moves to its subject's database, rows elsewhere that refer to it need a row to refer to.
``policy.neutral`` knows the values that say nothing; what may not be NULL and has none is told.
"""

from collections.abc import Iterator

from klover.catalog import Column, TableName
from klover.policy.check.say import finding
from klover.policy.finding import Finding, Severity
from klover.policy.model import Rows
from klover.policy.neutral import has_neutral_key, neutral_value
from klover.policy.resolved import Hop, Reference, Resolved, TracedTable


def check_stubs(resolved: Resolved) -> list[Finding]:
    """List the columns of ``resolved`` that keep a stub from standing for its row."""
    stubbed = _stubbed(resolved)
    tables = [one for one in resolved.tables.values() if one.name in stubbed]
    return [finding for traced in tables for finding in _stubs(resolved, traced)]


def _stubbed(resolved: Resolved) -> frozenset[TableName]:
    """List the traced tables of which a stub may have to stand somewhere.

    Rows that are public leave one, and rows that somebody else's row refers to. A row that
    belongs to exactly the people of the row it refers to moves with it and needs none.
    """
    found = {
        name
        for name, traced in resolved.tables.items()
        if not traced.rule.shared
        and traced.rule.public_rows is not Rows.NONE
        and traced.table.holds_rows
    }
    for traced in resolved.base_tables().values():
        for key in traced.references:
            target = resolved.tables[key.target]
            if not target.rule.shared and not _move_together(traced, key, target):
                found.add(target.name)
    return frozenset(found)


def _move_together(traced: TracedTable, key: Reference, target: TracedTable) -> bool:
    if key.element or key.when is not None:
        return False
    first = Hop(
        source=traced.name,
        source_columns=key.columns,
        target=key.target,
        target_columns=key.target_columns,
        texts=key.texts,
    )
    onward = {way[1:] for way in traced.lineages if way and way[0] == first}
    return len(onward) == len(traced.lineages) and onward == set(target.lineages)


def _stubs(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    outside = resolved.policy.stays_outside
    # An empty array refers to nothing, so it can stand in a stub.
    keyed = {column for key in traced.references if not key.element for column in key.columns}
    for column in traced.table.columns:
        rule = traced.columns[column.name]
        if not column.not_null or column.generated or rule.stub is not None:
            continue
        if rule.data_class in outside or column.name in traced.key:
            continue
        reason = _without_neutral(column, traced, keyed=column.name in keyed)
        if reason is not None:
            yield finding(
                resolved.policy,
                severity=Severity.WARNING,
                line=rule.line or traced.rule.line,
                message=f"Column {traced.name}.{column.name} may not be NULL and {reason}, "
                "so no stub can stand for its row.",
                mend="Give a value with `stub: …`, or a class that stays outside.",
            )


def _without_neutral(column: Column, traced: TracedTable, *, keyed: bool) -> str | None:
    if keyed:
        return "a key stands on it"
    if any(unique.columns == (column.name,) for unique in traced.table.uniques):
        return None if has_neutral_key(column) else "is unique"
    return f"its type {column.type} has no neutral value" if neutral_value(column) is None else None
