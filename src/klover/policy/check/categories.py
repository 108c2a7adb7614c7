"""Findings on categories: labels that the vendored taxonomy does not know."""

from collections.abc import Iterator

from klover.policy.check.say import finding
from klover.policy.finding import Finding, Severity
from klover.policy.model import ColumnRule, Policy
from klover.policy.reading import nearest
from klover.policy.taxonomy import CATEGORIES, EDITION


def check_categories(policy: Policy) -> list[Finding]:
    """List the categories of ``policy`` that are not in the taxonomy, each with the nearest."""
    return [
        finding(
            policy,
            severity=Severity.WARNING,
            line=line,
            message=f"{where}: {EDITION} has no category {category!r}"
            f"{nearest(category, sorted(CATEGORIES))}",
            mend="Reports group by category; use one of the taxonomy's.",
        )
        for where, category, line in _categories(policy)
        if category not in CATEGORIES
    ]


def _categories(policy: Policy) -> Iterator[tuple[str, str, int]]:
    """Tell each category with where it stands, parts of JSON columns and defaults included."""
    for table in policy.tables.values():
        for name, rule in table.columns.items():
            yield from _of(f"Column {table.name}.{name}", rule)
    for default in policy.defaults.columns:
        yield from _of(f"The default {default.pattern!r}", default.rule)


def _of(where: str, rule: ColumnRule) -> Iterator[tuple[str, str, int]]:
    if rule.category is not None:
        yield where, rule.category, rule.line
    for part in rule.paths:
        yield from _of(f"{where}, path {part.text}", part.rule)
