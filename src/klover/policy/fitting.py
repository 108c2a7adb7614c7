"""Whether one table's rule fits the table: its columns are there and can be what the rule says.

A view may be named like a table. What it shows is somebody's wherever a table it reads is, so it
cannot be shared then.
"""

from collections.abc import Mapping

from klover.catalog import Column, Table, TableName
from klover.policy.coarsen import misfit
from klover.policy.computed import refuse_coarse_of
from klover.policy.faults import Faults
from klover.policy.model import ColumnRule, TableRule
from klover.policy.neutral import bare_type
from klover.policy.predicate import refuse_predicate, types_of
from klover.policy.reading import nearest
from klover.policy.resolved import TracedTable

_JSON = frozenset({"json", "jsonb"})


def refuse_columns(rule: TableRule, table: Table, faults: Faults) -> None:
    """Refuse columns that the table does not have, and what their types do not allow."""
    _refuse_casts(rule, table, faults)
    refuse_coarse_of(rule, table, faults)
    known = [column.name for column in table.columns]
    named = {name: column.line for name, column in rule.columns.items()}
    named.update(dict.fromkeys(rule.key or (), rule.line))
    named.update(dict.fromkeys(rule.hangs_off or (), rule.line))
    for stated in rule.references:
        by = (stated.when[0],) if stated.when is not None else ()
        named.update(dict.fromkeys((*stated.columns, *by), stated.line))
    for name, line in named.items():
        if name not in known:
            faults.add(f"Table {rule.name} has no column {name!r}{nearest(name, known)}", line)
    for name, column_rule in rule.columns.items():
        column = table.column(name)
        if column is not None:
            _refuse_coarsen(rule.name, column, column_rule, faults)
        if column is None or not column_rule.paths:
            continue
        if bare_type(column.base_type) not in _JSON or column.element_type is not None:
            faults.add(
                f"Column {rule.name}.{name} has `paths`, but its type is {column.type}; only json "
                "and jsonb have parts.",
                column_rule.line,
            )


def _refuse_casts(rule: TableRule, table: Table, faults: Faults) -> None:
    """Refuse a condition on rows whose casts could say a value, now that the types are known."""
    reason = refuse_predicate(rule.predicate, types_of(table)) if rule.predicate else None
    if reason is not None:
        faults.add(f"Table {rule.name}: `public_rows` cannot be used: {reason}.", rule.line)


def _refuse_coarsen(table: TableName, column: Column, rule: ColumnRule, faults: Faults) -> None:
    fits = misfit(rule.coarsen, column) if rule.coarsen is not None else None
    if fits is not None:
        faults.add(
            f"Column {table}.{column.name} cannot be made coarse by `{rule.coarsen}`: its type is "
            f"{column.type}, and that transform is for {fits}.",
            rule.line,
        )


def refuse_view(traced: TracedTable, rules: Mapping[TableName, TableRule], faults: Faults) -> None:
    """Refuse a shared view that reads people's rows."""
    if not traced.table.is_view or not traced.rule.shared:
        return
    read = sorted({table for table, _ in traced.table.reads})
    theirs = [str(name) for name in read if name not in rules or not rules[name].shared]
    if theirs:
        faults.add(
            f"View {traced.name} cannot be shared: it reads {', '.join(theirs)}, whose rows are "
            "somebody's. Say with `subject:` whose rows these are.",
            traced.rule.line,
        )
