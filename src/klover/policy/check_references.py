"""Findings on columns that look as if they referred to rows, where nothing says what they mean.

A pair (``topic_type``, ``topic_id``) and an array of ids cannot be declared in Postgres, so it is
easy to forget them. What they mean decides whose row it is, and what a pseudonym stands for.
"""

import re
from collections.abc import Iterator

from klover.policy.finding import Finding, Severity
from klover.policy.model import DataClass
from klover.policy.neutral import bare_type
from klover.policy.resolved import Resolved, TracedTable

_ID = re.compile(r"(?P<stem>.+?)(?P<end>_id|Id)")
_IDS = re.compile(r".*(_ids|Ids|_uuids|Uuids)|ids|uuids")
_TYPES = {"_id": "_type", "Id": "Type"}
_KEY_TYPES = frozenset({"bigint", "integer", "smallint", "uuid"})


def check_references(resolved: Resolved) -> list[Finding]:
    """List the columns that look like a pair or an array of ids without a rule."""
    found: list[Finding] = []
    for traced in resolved.tables.values():
        if not traced.rule.shared and traced.table.holds_rows:
            found += _pairs(resolved, traced)
            found += _arrays(resolved, traced)
    return found


def _pairs(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    for name in _loose(traced):
        match = _ID.fullmatch(name)
        if match is None:
            continue
        by = match["stem"] + _TYPES[match["end"]]
        if traced.table.column(by) is not None:
            yield _finding(
                resolved,
                traced,
                name,
                f"{traced.name}.{name} and {by} look like a pair, and nothing says what the types "
                "refer to.",
                f"List the types: `references: {{{name}: {{by: {by}, Type: table.id}}}}`, and "
                "whose row that makes it with `subject:`.",
            )


def _arrays(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    for name in _loose(traced):
        column = traced.table.column(name)
        if column is None or column.element_type is None or not _IDS.fullmatch(name):
            continue
        if bare_type(column.element_type) in _KEY_TYPES:
            yield _finding(
                resolved,
                traced,
                name,
                f"{traced.name}.{name} looks like an array of ids, and nothing says what they "
                "refer to.",
                f'Say it with `references: {{"{name}[]": table.id}}`, and whose row that makes it '
                "with `subject:`.",
            )


def _loose(traced: TracedTable) -> list[str]:
    """List the columns on which no reference stands."""
    tied = {column for key in traced.references for column in key.columns}
    return [column.name for column in traced.table.columns if column.name not in tied]


def _finding(
    resolved: Resolved, traced: TracedTable, name: str, message: str, mend: str
) -> Finding:
    rule = traced.columns[name]
    hidden = rule.data_class is DataClass.RESTRICTED
    return Finding(
        severity=Severity.NOTE if hidden else Severity.WARNING,
        file=resolved.policy.file,
        line=rule.line or traced.rule.line,
        message=message,
        mend=mend,
    )
