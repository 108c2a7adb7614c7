"""Findings on views, on columns made from others, and on what lies outside of the policy's reach.

Which column of a view comes from which column of a table is not in the catalog; what its query
reads is. So a column of the same name is held against that one, any other against all that is
read, and what is told is on the safe side.
"""

from collections.abc import Iterable, Iterator

from klover.catalog import TableKind, TableName
from klover.policy.check.defaults import names_of
from klover.policy.check.say import finding
from klover.policy.computed import coarse_of, sources
from klover.policy.derived import telling
from klover.policy.finding import Finding, Severity
from klover.policy.identify import is_harmless
from klover.policy.model import ColumnRule, DataClass, Rows
from klover.policy.resolved import Resolved, TracedTable

_STRICT = tuple(DataClass)
"""The classes, the strictest first."""


def check_views(resolved: Resolved) -> list[Finding]:
    """List the findings on views, generated columns and foreign tables."""
    found = list(_unnamed(resolved))
    for traced in resolved.tables.values():
        found += _generated(resolved, traced)
        found += _identifying(resolved, traced)
        if traced.table.is_view:
            found += _view_columns(resolved, traced)
            found += _view_rows(resolved, traced)
    return found


def stricter(one: ColumnRule, other: ColumnRule) -> bool:
    """Tell whether a column's class is stricter than another's, its parts counted."""
    return _STRICT.index(one.strictest) < _STRICT.index(other.data_class)


def _generated(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    """Find computed columns that tell more widely what they are computed from."""
    for column in traced.table.columns:
        if not column.generated:
            continue
        rule = traced.columns[column.name]
        strict = [
            name for name in sources(traced.table, column) if stricter(traced.columns[name], rule)
        ]
        meant = coarse_of(traced.table, rule)
        yield from _said(resolved, traced, column.name, strict)
        names = [name for name in strict if name not in meant]
        if names:
            yield finding(
                resolved.policy,
                severity=Severity.ERROR,
                line=rule.line or traced.rule.line,
                message=f"Column {traced.name}.{column.name} is {rule.data_class} but computed "
                f"from {names_of(names)}, which may not be seen as widely.",
                mend=f"Give it the class of {names[0]}; or say that it tells less on purpose, with "
                f"`coarse_of: {names[0]}` and what it `identifies:`.",
            )


def _said(
    resolved: Resolved, traced: TracedTable, column: str, strict: list[str]
) -> Iterator[Finding]:
    """Tell what is declared coarse, for the record, and where that changes nothing."""
    rule = traced.columns[column]
    meant = coarse_of(traced.table, rule)
    told = [name for name in strict if name in meant]
    if told:
        yield finding(
            resolved.policy,
            severity=Severity.NOTE,
            line=rule.line,
            message=f"Column {traced.name}.{column} is {rule.data_class}, and computed from "
            f"{names_of(told)}, of which the policy says that it is coarse.",
            mend="Look at what it computes whenever that is changed.",
        )
    idle = sorted(meant - set(strict))
    if idle:
        yield finding(
            resolved.policy,
            severity=Severity.WARNING,
            line=rule.line,
            message=f"Column {traced.name}.{column} is said to be coarse of {names_of(idle)}, "
            "which may be seen as widely anyhow.",
            mend="Take it out of `coarse_of`.",
        )


def _identifying(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    """Tell of columns that would be shown, were they not made from some that identify."""
    tied = {column for key in traced.references for column in key.columns} | set(traced.key)
    for column in traced.table.columns:
        rule = traced.columns[column.name]
        made = (column.generated or traced.table.is_view) and column.name not in tied
        open_ = made and is_harmless(column) and not rule.identifies_stated
        names = [one.name for one in telling(traced, column, resolved.tables)] if open_ else []
        if names and rule.data_class is not DataClass.RESTRICTED:
            yield finding(
                resolved.policy,
                severity=Severity.NOTE,
                line=rule.line or traced.rule.line,
                message=f"Column {traced.name}.{column.name} is or may be made from "
                f"{names_of(names)}, so it counts as identifying as well.",
                mend="Say `identifies: no` where it is not, or what it refers to with "
                "`references:`.",
            )


def _view_columns(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    read = [
        (f"{table}.{column}", column, resolved.tables[table].columns[column])
        for table, column in traced.table.reads
        if table in resolved.tables and column in resolved.tables[table].columns
    ]
    for name, rule in traced.columns.items():
        same = [one for one in read if one[1] == name]
        meant = coarse_of(traced.table, rule)
        stricter_ones = [one[0] for one in read if stricter(one[2], rule)]
        yield from _said(resolved, traced, name, stricter_ones)
        strict = [one[0] for one in same or read if stricter(one[2], rule) and one[0] not in meant]
        if not strict:
            continue
        sure = bool(same) and len(strict) == len(same)
        message = f"Column {traced.name}.{name} of a view is {rule.data_class}, but "
        message += f"{'it comes' if sure else 'it may come'} from {names_of(strict)}, "
        yield finding(
            resolved.policy,
            severity=Severity.ERROR if sure else Severity.WARNING,
            line=rule.line or traced.rule.line,
            message=f"{message}which may not be seen as widely.",
            mend="Classify it as strictly, let the view leave it out, or say that it tells less on "
            f"purpose, with `coarse_of: {strict[0]}` and what it `identifies:`.",
        )


def _view_rows(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    """Rows of a view are public by its own rule: ask where the rows it reads are not."""
    if traced.rule.public_rows is Rows.NONE:
        return
    held = {parent.target for parent in traced.parents}
    loose = [
        str(name)
        for name in _tables(traced)
        if name in resolved.tables
        and not resolved.tables[name].rule.shared
        and resolved.tables[name].rule.public_rows is not Rows.ALL
        and name not in held
    ]
    if loose:
        yield finding(
            resolved.policy,
            severity=Severity.WARNING,
            line=traced.rule.line,
            message=f"Rows of the view {traced.name} are public by its own rule, but it reads "
            f"{names_of(loose)}, where not all are.",
            mend="State the keys that it shows with `references:`, so that its rows hang off "
            "theirs, or ask the same in `public_rows`.",
        )


def _tables(traced: TracedTable) -> Iterable[TableName]:
    return sorted({table for table, _ in traced.table.reads})


def _unnamed(resolved: Resolved) -> Iterator[Finding]:
    """Tell what holds rows, or shows another server's, and stands in no rule."""
    for name, table in sorted(resolved.catalog.tables.items()):
        if name in resolved.tables:
            continue
        if table.kind is TableKind.FOREIGN:
            yield finding(
                resolved.policy,
                severity=Severity.WARNING,
                line=resolved.policy.tables_line,
                message=f"{name} is a foreign table: its rows lie on another server. No door shows "
                "it and nothing of it is moved or erased.",
                mend="Name that server under `places:`, or drop the table.",
            )
        elif table.kind is TableKind.MATERIALIZED:
            yield finding(
                resolved.policy,
                severity=Severity.NOTE,
                line=resolved.policy.tables_line,
                message=f"The materialised view {name} holds copies of rows and has no rule: no "
                "door shows it, and a migration makes it anew at the source.",
                mend=f"Name it under `tables:` with a `key:` if an audience needs {name}.",
            )
