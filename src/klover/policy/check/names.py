"""Findings on names that are Klover's own, borne by an application's tables and columns.

They are tables and columns like any other to the policy and to a migration, so that nothing is
passed over unseen; doors are refused until they are called otherwise.
"""

from collections.abc import Iterator

from klover.catalog import OWN_COLUMNS, OWN_DOORS, OWN_SCHEMAS, Table
from klover.policy.check.say import finding
from klover.policy.finding import Finding, Severity
from klover.policy.resolved import Resolved


def check_names(resolved: Resolved) -> list[Finding]:
    """List what bears a name that doors would take for theirs."""
    return [
        finding(
            resolved.policy,
            severity=Severity.ERROR,
            line=traced.rule.line or resolved.policy.tables_line,
            message=f"{name}: {what}, so no door can be made beside it.",
            mend="Give it another name in the application.",
        )
        for name, traced in resolved.tables.items()
        for what in _taken(traced.table)
    ]


def _taken(table: Table) -> Iterator[str]:
    schema = table.name.schema
    if schema in OWN_SCHEMAS or schema.startswith(OWN_DOORS):
        yield f"its schema {schema} has a name that is Klover's own"
    if table.holds_rows:
        for column in table.columns:
            if column.name.startswith(OWN_COLUMNS):
                yield f"its column {column.name} begins like Klover's own columns"
