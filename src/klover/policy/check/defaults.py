"""Findings on rules by pattern: those that fit nothing, say again, or decide unseen.

A pattern decides for columns that nobody looked at one by one. So each is told with how many
columns it declared, and how many of these hold keys, text, documents or the like; one for tables,
with what it makes of them.
"""

from dataclasses import replace

from klover.policy.check.say import finding
from klover.policy.filled import default_of
from klover.policy.finding import Finding, Severity
from klover.policy.model import ColumnRule, DataClass, Identifies, Rows, TableRule
from klover.policy.pattern import fits_column, fits_table
from klover.policy.resolved import Resolved
from klover.policy.rules import TableDefault
from klover.policy.veiled import veiled

_FEW = 6


def check_defaults(resolved: Resolved) -> list[Finding]:
    """List the findings on ``defaults``."""
    return [*_idle(resolved), *_again(resolved), *_declared(resolved), *_opened(resolved)]


def names_of(names: list[str]) -> str:
    """List the first few names, and tell how many more there are."""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _idle(resolved: Resolved) -> list[Finding]:
    """Find patterns that decide nothing: nothing fits, or others decide for all that does."""
    defaults = resolved.policy.defaults
    used_tables = {traced.rule.by for traced in resolved.tables.values()}
    used = {rule.by for traced in resolved.tables.values() for rule in traced.columns.values()}
    columns = [
        (traced.name, column.name)
        for traced in resolved.tables.values()
        for column in traced.table.columns
    ]
    found = []
    for one in defaults.tables:
        if one.pattern not in used_tables:
            fits = any(fits_table(one.pattern, name) for name in resolved.base_tables())
            found.append(_says_nothing(resolved, one.pattern, one.rule.line, "table", fits=fits))
    for each in defaults.columns:
        if each.pattern not in used:
            fits = any(fits_column(each.pattern, table, column) for table, column in columns)
            found.append(_says_nothing(resolved, each.pattern, each.rule.line, "column", fits=fits))
    return found


def _says_nothing(resolved: Resolved, pattern: str, line: int, what: str, *, fits: bool) -> Finding:
    if fits:
        message = f"The pattern {pattern!r} decides nothing: lines above it or entries do."
    else:
        message = f"The pattern {pattern!r} fits no {what}."
    return finding(
        resolved.policy,
        severity=Severity.WARNING,
        line=line,
        message=message,
        mend="Correct it or take it out.",
    )


def _again(resolved: Resolved) -> list[Finding]:
    """Find lines that say what a pattern says already."""
    policy = resolved.policy
    found: dict[str, list[tuple[str, int]]] = {}
    for name, entry in policy.tables.items():
        for column, rule in entry.columns.items():
            default = default_of(policy.defaults, name, column)
            if default is not None and default.by and _same(rule, default):
                found.setdefault(default.by, []).append((f"{name}.{column}", rule.line))
    return [
        finding(
            policy,
            severity=Severity.WARNING,
            line=lines[0][1],
            message=f"{names_of([name for name, _ in lines])}: the pattern {pattern!r} says the "
            "same already.",
            mend=f"Take the {'lines' if len(lines) > 1 else 'line'} out, so that the file stays "
            "short.",
        )
        for pattern, lines in found.items()
    ]


def _same(rule: ColumnRule, default: ColumnRule) -> bool:
    return replace(rule, line=0) == replace(default, line=0, by=None)


def _declared(resolved: Resolved) -> list[Finding]:
    """Tell for each pattern how many columns nobody looked at one by one."""
    found = []
    for default in resolved.policy.defaults.columns:
        tables: list[str] = []
        doubtful: list[str] = []
        for traced in resolved.tables.values():
            for column in traced.table.columns:
                if traced.columns[column.name].by == default.pattern:
                    tables.append(str(traced.name))
                    if not traced.rule.shared and veiled(resolved, traced, column):
                        doubtful.append(f"{traced.name}.{column.name}")
        if not tables or default.rule.data_class is DataClass.RESTRICTED:
            continue
        message = (
            f"The pattern {default.pattern!r} declares {_number(len(tables), 'column')} of "
            f"{_number(len(set(tables)), 'table')} {default.rule.data_class}"
        )
        if doubtful:
            message += (
                f"; {len(doubtful)} of them hold keys, text or the like: {names_of(doubtful)}"
            )
        harmless = default.rule.identifies_stated and default.rule.identifies is Identifies.NO
        found.append(
            finding(
                resolved.policy,
                severity=Severity.WARNING if doubtful and harmless else Severity.NOTE,
                line=default.rule.line,
                message=f"{message}.",
                mend="Look through them (`klover policy explain`), and give those that differ an "
                "entry.",
            )
        )
    return found


def _opened(resolved: Resolved) -> list[Finding]:
    """Tell which tables a pattern opens to everybody: as nobody's data, or as public rows."""
    found = []
    for default in resolved.policy.defaults.tables:
        names = [
            str(name)
            for name, traced in resolved.base_tables().items()
            if traced.rule.by == default.pattern and not _said_alone(resolved, traced.rule, default)
        ]
        opens = default.rule.shared or default.rule.public_rows is not Rows.NONE
        if not names or not opens:
            continue
        what = "nobody's data" if default.rule.shared else "hold public rows"
        verb = "makes" if default.rule.shared else "lets"
        every = set(default.pattern) <= {"*", "."}
        later = ", and every table that is added later" if every else ""
        found.append(
            finding(
                resolved.policy,
                severity=Severity.WARNING if every else Severity.NOTE,
                line=default.rule.line,
                message=f"The pattern {default.pattern!r} {verb} {_number(len(names), 'table')} "
                f"{what}: "
                f"{names_of(names)}{later}.",
                mend="Give those that differ an entry"
                + (", and name tables rather than all." if every else "."),
            )
        )
    return found


def _said_alone(resolved: Resolved, rule: TableRule, default: TableDefault) -> bool:
    """Tell whether an entry of its own says which rows are public; a default is then not asked."""
    return rule.name in resolved.policy.tables and not default.rule.shared
