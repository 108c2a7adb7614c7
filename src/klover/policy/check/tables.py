"""Findings on a policy that fits its catalog, table by table."""

from klover.catalog import Column, TableName
from klover.policy.check.quiet import is_telling
from klover.policy.check.say import finding
from klover.policy.finding import Finding, Severity
from klover.policy.identify import is_harmless
from klover.policy.labels import COUNTRY, label
from klover.policy.model import ColumnRule, DataClass, Identifies, Rows
from klover.policy.predicate import words_of
from klover.policy.resolved import Resolved, RowsShown, TracedTable
from klover.policy.sight import see, sees_restricted
from klover.policy.veiled import veiled

_FEW = 8
"""Names in one finding."""


def check_tables(resolved: Resolved) -> list[Finding]:
    """List the findings on the tables of ``resolved``."""
    found = []
    for traced in resolved.tables.values():
        if traced.rule.shared:
            found += _looks_personal(resolved, traced)
            found += _refers_to_people(resolved, traced)
            continue
        found += _unclassified(resolved, traced)
        found += _harmless(resolved, traced)
        found += _uniques(resolved, traced)
        found += _hidden(resolved, traced)
        found += _telling(resolved, traced)
    found += _unseen(resolved)
    return found


def _looks_personal(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Ask about columns of a shared table, which are public unless they are classified."""
    names = [
        column.name
        for column in traced.table.columns
        if not traced.columns[column.name].declared
        and (not is_harmless(column) or is_telling(column))
        and label(column.name) not in {None, COUNTRY}
    ]
    if not names:
        return []
    return [
        finding(
            resolved.policy,
            Severity.WARNING,
            traced.rule.line,
            f"Table {traced.name} is shared, so {_list(names)} {_are(names)} public, "
            f"but {'they look' if len(names) > 1 else 'it looks'} personal.",
            "Classify under `columns:`, as `public` if that is meant.",
        )
    ]


def _refers_to_people(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Ask about rows that are nobody's and yet say whom they belong to."""
    found = {
        column: str(key.target)
        for key in traced.references
        if not resolved.tables[key.target].rule.shared
        for column in key.columns
    }
    if not found:
        return []
    targets = _list(list(dict.fromkeys(found.values())))
    return [
        finding(
            resolved.policy,
            Severity.WARNING,
            traced.rule.line,
            f"Table {traced.name} is shared, so everybody sees all of its rows, but "
            f"{_list(list(found))} {'refer' if len(found) > 1 else 'refers'} to people's rows "
            f"({targets}).",
            "Say whose rows they are with `subject:`, or see that they tell nothing of people.",
        )
    ]


def _unclassified(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    names = [name for name, rule in traced.columns.items() if not rule.declared]
    if not names:
        return []
    return [
        finding(
            resolved.policy,
            Severity.WARNING,
            traced.rule.line,
            f"Table {traced.name}: nobody classified {_list(names)}; "
            f"{'they count' if len(names) > 1 else 'it counts'} as restricted.",
            "Classify under `columns:`.",
        )
    ]


def _harmless(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Ask about declarations that take the veil off a key, free text or parts of documents.

    What a pattern declared is asked about once, with the pattern.
    """
    found = []
    for column in traced.table.columns:
        rule = traced.columns[column.name]
        what = veiled(resolved, traced, column)
        parts = [part.text for part in rule.paths if _declared_harmless(part.rule)]
        if rule.by is None and what and _declared_harmless(rule):
            found.append(_seen_in_clear(resolved, traced, column, f"is {what} and"))
        if parts:
            told = f"holds documents nobody looked into; {_list(parts)} {_are(parts)}"
            found.append(_seen_in_clear(resolved, traced, column, told))
    return found


def _declared_harmless(rule: ColumnRule) -> bool:
    restricted = rule.data_class is DataClass.RESTRICTED
    return rule.identifies_stated and rule.identifies is Identifies.NO and not restricted


def _seen_in_clear(resolved: Resolved, traced: TracedTable, column: Column, told: str) -> Finding:
    return finding(
        resolved.policy,
        Severity.WARNING,
        traced.columns[column.name].line,
        f"Column {traced.name}.{column.name} {told} declared to identify nobody: audiences under "
        "pseudonyms see it in clear.",
        "Make sure that nobody can be known by it, or take `identifies: no` out.",
    )


def _uniques(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Once two databases accept writes, a unique constraint has to say how far it reaches.

    One that holds a reference to a person's row reaches as far as that person does.
    """
    own = {
        column
        for key in traced.references
        if not resolved.tables[key.target].rule.shared
        for column in key.columns
    }
    found = []
    for unique in traced.table.uniques:
        if own.intersection(unique.columns) or unique.columns == traced.key:
            continue
        if all(traced.columns[column].unique is None for column in unique.columns):
            line = max(traced.columns[column].line for column in unique.columns)
            found.append(
                finding(
                    resolved.policy,
                    Severity.WARNING,
                    line or traced.rule.line,
                    f"Table {traced.name}: the unique key on {_list(unique.columns)} does not say "
                    "whether it is `local` or `global`.",
                    "Add `unique: global` where no two people anywhere may share the value.",
                )
            )
    return found


def _hidden(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Public rows that hang off rows which are never public are not shown after all."""
    never = [
        str(parent.target)
        for parent in traced.parents
        if resolved.tables[parent.target].rule.public_rows is Rows.NONE
    ]
    if not never or traced.rule.public_rows is Rows.NONE:
        return []
    return [
        finding(
            resolved.policy,
            Severity.WARNING,
            traced.rule.line,
            f"Rows of {traced.name} hang off {_list(never)}, whose rows are all restricted, so "
            "only rows that refer to none are public.",
            "Say what they hang off with `hangs_off: […]`, or give the other table `public_rows`.",
        )
    ]


def _telling(resolved: Resolved, traced: TracedTable) -> list[Finding]:
    """Ask about rows whose being shown tells what a restricted column holds."""
    read = words_of(traced.rule.predicate or "")
    names = [
        name
        for name, rule in traced.columns.items()
        if name in read and rule.data_class is DataClass.RESTRICTED
    ]
    if not names:
        return []
    return [
        finding(
            resolved.policy,
            Severity.WARNING,
            traced.rule.line,
            f"Whether a row of {traced.name} is public depends on {_list(names)}, which "
            f"{_are(names)} restricted, so seeing the row tells something of it.",
            "Decide by a column that may be known.",
        )
    ]


def _unseen(resolved: Resolved) -> list[Finding]:
    """Tell once which tables audiences that see no restricted data see no row of."""
    found = []
    for audience in resolved.policy.audiences.values():
        if sees_restricted(resolved.policy, audience):
            continue
        names: list[TableName] = [
            name for name, sight in see(resolved, audience).items() if sight.rows is RowsShown.NONE
        ]
        if names:
            found.append(
                finding(
                    resolved.policy,
                    Severity.NOTE,
                    audience.line,
                    f"Audience {audience.name} sees no row of {_few([str(n) for n in names])}: "
                    "they have no `public_rows`.",
                    "Where it should, say which rows are not restricted with `public_rows:`.",
                )
            )
    return found


def _few(names: list[str]) -> str:
    """Name the first of many; the rest is a number, so that a finding stays one sentence."""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _list(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names)


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"
