"""The rule of each table: its own entry, then what the defaults and its parent say.

An entry of its own wins. A table that has none, or whose entry says neither `shared` nor `subject`,
takes the first default whose pattern fits; so does each column of which its table says nothing. A
table that inherits follows its parent in everything but the columns it adds.
"""

from collections.abc import Mapping
from dataclasses import replace

from klover.catalog import Catalog, Table, TableName
from klover.policy.faults import Faults
from klover.policy.keys import row_key
from klover.policy.model import ColumnRule, Defaults, Policy, StatedKey, TableRule
from klover.policy.pattern import fits_column, fits_table


def filled(
    policy: Policy, catalog: Catalog, entries: Mapping[TableName, TableRule], faults: Faults
) -> Mapping[TableName, TableRule]:
    """Tell a rule for every base table that has one, and for every view with an entry."""
    found: dict[TableName, TableRule] = {}
    for name, rule in entries.items():
        found[name] = rule
        if catalog.tables[name].holds_rows and name != policy.subjects.table:
            found[name] = _completed(rule, policy.defaults)
    for table in catalog.base_tables():
        if table.name in entries or table.inherits or table.name == policy.subjects.table:
            continue
        default = _fitting(table.name, policy.defaults)
        if default is not None:
            found[table.name] = default
    for name, rule in found.items():
        found[name] = _with_columns(rule, catalog.tables[name], policy.defaults)
    heirs = [table for table in catalog.base_tables() if table.inherits]
    for table in sorted(heirs, key=lambda table: _depth(table, catalog)):
        _inherit(table, catalog, found, entries, policy, faults)
    return found


def default_of(defaults: Defaults, table: TableName, column: str) -> ColumnRule | None:
    """Tell what the defaults say of a column: the first pattern that fits decides."""
    for default in defaults.columns:
        if fits_column(default.pattern, table, column):
            return replace(default.rule, by=default.pattern)
    return None


def _fitting(name: TableName, defaults: Defaults) -> TableRule | None:
    for default in defaults.tables:
        if fits_table(default.pattern, name):
            return replace(default.rule, name=name, by=default.pattern)
    return None


def _completed(rule: TableRule, defaults: Defaults) -> TableRule:
    """Take from a default whose rows they are; which rows are public an entry says itself."""
    default = None if rule.shared or rule.subjects else _fitting(rule.name, defaults)
    if default is None or (default.shared and rule.hangs_off is not None):
        return rule
    return replace(
        rule,
        shared=default.shared,
        subjects=default.subjects,
        key=rule.key or default.key,
        references=(*rule.references, *default.references),
        by=default.by,
    )


def _with_columns(rule: TableRule, table: Table, defaults: Defaults) -> TableRule:
    columns = dict(rule.columns)
    for column in table.columns:
        if column.name not in columns:
            default = default_of(defaults, table.name, column.name)
            if default is not None:
                columns[column.name] = default
    return replace(rule, columns=columns)


def _inherit(
    table: Table,
    catalog: Catalog,
    found: dict[TableName, TableRule],
    entries: Mapping[TableName, TableRule],
    policy: Policy,
    faults: Faults,
) -> None:
    """Give a table the rule of its parent, which has its own already."""
    above = table.inherits[0]
    own = entries.get(table.name)
    parent = _parent(table, catalog, policy)
    if isinstance(parent, str):
        faults.add(parent, own.line if own is not None else policy.tables_line)
        return
    rule = found.get(above)
    if rule is None:
        found.pop(table.name, None)
        return  # the parent's own fault says enough
    if own is not None and (said := _said(own, parent)):
        faults.add(
            f"Table {table.name} inherits from {above} and follows its rule, since whoever reads "
            f"{above} reads its rows too; take {said} out of its entry.",
            own.line,
        )
        own = None  # what follows is told by the parent's rule
    known = {column.name for column in parent.columns}
    columns = {name: one for name, one in rule.columns.items() if name in known}
    inherited = replace(
        rule,
        name=table.name,
        key=row_key(parent, rule) or None,
        references=(*rule.references, *_declared(parent, table, rule)),
        columns=columns | dict(own.columns if own is not None else {}),
        line=own.line if own is not None else rule.line,
    )
    found[table.name] = _with_columns(inherited, table, policy.defaults)


def _depth(table: Table, catalog: Catalog) -> int:
    """Tell how many tables stand above one."""
    above = catalog.tables.get(table.inherits[0]) if table.inherits else None
    return 0 if above is None else 1 + _depth(above, catalog)


def _parent(table: Table, catalog: Catalog, policy: Policy) -> Table | str:
    """Find the table whose rule holds for the rows of one that inherits, or tell why none can."""
    if len(table.inherits) > 1:
        names = ", ".join(str(name) for name in table.inherits)
        return (
            f"Table {table.name} inherits from several tables ({names}), so no one rule holds for "
            "its rows. Klover cannot follow that; let it inherit from one."
        )
    if policy.subjects.table in table.inherits:
        return (
            f"Table {table.name} inherits from the subjects' table {policy.subjects.table}: Klover "
            "cannot tell whose rows those are. Let subjects be rows of one table."
        )
    above = table.inherits[0]
    found = catalog.tables.get(above)
    if found is None:
        return f"Table {table.name} inherits from {above}, which cannot be seen."
    if not found.holds_rows:
        return (
            f"Table {table.name} inherits from {above}, a foreign table, which has no rule that "
            "could hold for its rows. Klover cannot follow that; let it inherit from a table here."
        )
    return found


def _said(own: TableRule, parent: Table) -> str:
    """Tell what an entry says beyond the columns that the table adds."""
    told = {
        "`shared`": own.shared,
        "`subject`": bool(own.subjects),
        "`public_rows`": own.public_rows is not own.public_rows.NONE,
        "`hangs_off`": own.hangs_off is not None,
        "`key`": own.key is not None,
        "`references`": bool(own.references),
    }
    words = [word for word, there in told.items() if there]
    words += [name for name in own.columns if parent.column(name) is not None]
    return ", ".join(words)


def _declared(parent: Table, table: Table, rule: TableRule) -> list[StatedKey]:
    """State the parent's foreign keys for a table that inherits: Postgres does not pass them on."""
    own = {(key.columns, key.target) for key in table.foreign_keys}
    return [
        StatedKey(
            columns=key.columns,
            target=key.target,
            target_columns=key.target_columns,
            line=rule.line,
        )
        for key in parent.foreign_keys
        if (key.columns, key.target) not in own
    ]
