"""Findings on columns that look as if they referred to rows, where nothing says what they mean.

A pair (``topic_type``, ``topic_id``) and an array of ids cannot be declared in Postgres, so it is
easy to forget them. What they mean decides whose row it is, and what a pseudonym stands for.
"""

import re
from collections.abc import Iterator

from klover.policy.check.say import finding
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
        if traced.table.holds_rows:
            found += _against_declared(resolved, traced)
            found += _loose_key(resolved, traced)
    return found


def _against_declared(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    """Ask about a stated key that says something else than the database does."""
    for key in traced.rule.references:
        declared = [one for one in traced.table.foreign_keys if one.columns == key.columns]
        if key.when is not None or not declared:
            continue
        if all((one.target, one.target_columns) != (key.target, key.target_columns)
               for one in declared):  # fmt: skip
            yield finding(
                resolved.policy,
                severity=Severity.WARNING,
                line=key.line,
                message=f"{traced.name}.{', '.join(key.columns)} is said to refer to {key.target}, "
                f"but the database declares that it refers to {declared[0].target}.",
                mend="Take it out of `references:`; what is said there counts.",
            )


def _loose_key(resolved: Resolved, traced: TracedTable) -> Iterator[Finding]:
    """Ask about a stated row key that holds less than each key of the database."""
    stated = set(traced.rule.key or ())
    keys = [key.columns for key in (traced.table.primary_key, *traced.table.uniques) if key]
    if not stated or not keys or any(stated.issuperset(key) for key in keys):
        return
    yield finding(
        resolved.policy,
        severity=Severity.WARNING,
        line=traced.rule.line,
        message=f"Table {traced.name}: `key` is {', '.join(traced.rule.key or ())}, but what the "
        f"database keeps apart is {', '.join(keys[0])}: two rows may look like one.",
        mend="Name those columns with `key:`, or leave it out where they are its primary key.",
    )


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
    return finding(
        resolved.policy,
        severity=Severity.NOTE if hidden else Severity.WARNING,
        line=rule.line or traced.rule.line,
        message=message,
        mend=mend,
    )
