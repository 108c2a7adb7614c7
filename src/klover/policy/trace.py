"""A policy held against a catalog: every table's way to its subjects, or a sentence why not.

Every base table has to be traced or shared; partitions and tables that inherit follow the table
above, views may have a rule and are not shown without one. A column the policy does not name is
restricted (public in a shared table). The lineages are found in ``lineage``, what rows hang off in
``parents``, what a class implies in ``identify`` and ``derived``, what defaults add in ``filled``.
"""

from collections.abc import Mapping
from difflib import get_close_matches

from klover.catalog import Catalog, Table, TableKind, TableName
from klover.policy.derived import derived
from klover.policy.faults import Faults
from klover.policy.filled import filled
from klover.policy.fitting import refuse_columns, refuse_view
from klover.policy.identify import column_rules
from klover.policy.keys import Keys
from klover.policy.lineage import home_lineages, lineages
from klover.policy.model import Policy, Subjects, TableRule
from klover.policy.parents import parents_of
from klover.policy.reading import nearest
from klover.policy.resolved import Reference, Resolved, TracedTable


def trace(policy: Policy, catalog: Catalog) -> Resolved:
    """Resolve ``policy`` against ``catalog``.

    Raises PolicyError for one fault and PolicyErrors for several, each with its line.
    """
    faults = Faults(policy.file)
    rules = _rules(policy, catalog, faults)
    keys = Keys(catalog=catalog, rules=rules, faults=faults)
    faults.settle()
    references = {name: keys.references(name) for name in rules}
    parents = parents_of(rules, references, faults)
    tables = {
        name: _traced(policy, catalog.tables[name], rules, keys, references[name], parents[name])
        for name in sorted(rules)
    }
    for traced in tables.values():
        refuse_view(traced, rules, faults)
    home = home_lineages(policy.subjects, keys)
    faults.settle()
    return Resolved(policy=policy, catalog=catalog, tables=derived(tables), home=home)


def _rules(policy: Policy, catalog: Catalog, faults: Faults) -> Mapping[TableName, TableRule]:
    """Pair each base table with its rule; refuse tables without one and rules without a table."""
    bases = {table.name: table for table in catalog.base_tables()}
    subjects = policy.subjects
    entries = _entries(policy, catalog, faults)
    if subjects.table in bases:
        _refuse_subjects(subjects, bases[subjects.table], entries[subjects.table], faults)
    else:
        _refuse_unknown(subjects.table, catalog, faults, subjects.line)
    found = filled(policy, catalog, entries, faults)
    for rule in found.values():
        refuse_columns(rule, catalog.tables[rule.name], faults)
        if not rule.shared and not rule.subjects and rule.name != subjects.table:
            faults.add(_untraced(rule.name), rule.line)
    meant = _meant(policy, catalog)
    for name in sorted(set(bases) - set(found) - meant):
        if not bases[name].inherits and subjects.table in bases:
            faults.add(_untraced(name), policy.tables_line)
    return found


def _meant(policy: Policy, catalog: Catalog) -> frozenset[TableName]:
    """List the tables that an entry for no table was probably written for: told there, once."""
    known = {str(table.name): table.name for table in catalog.base_tables()}
    close = (
        get_close_matches(str(name), known, n=1)
        for name in policy.tables
        if name not in catalog.tables
    )
    return frozenset(known[word] for words in close for word in words)


def _entries(policy: Policy, catalog: Catalog, faults: Faults) -> dict[TableName, TableRule]:
    """Tell the entries that have a table or view, the subjects' table always."""
    whole = {part: table.name for table in catalog.base_tables() for part in table.partitions}
    found: dict[TableName, TableRule] = {}
    for name, rule in policy.tables.items():
        table = catalog.tables.get(name)
        if name in whole:
            faults.add(f"{name} is a partition of {whole[name]}; write the rule there.", rule.line)
        elif table is None or not (table.holds_rows or table.is_view):
            _refuse_unknown(name, catalog, faults, rule.line)
        else:
            found[name] = rule
    subjects = policy.subjects
    if subjects.table in catalog.tables and catalog.tables[subjects.table].holds_rows:
        found.setdefault(subjects.table, TableRule(name=subjects.table, line=subjects.line))
    return found


def _refuse_subjects(subjects: Subjects, table: Table, own: TableRule, faults: Faults) -> None:
    if own.shared or own.subjects:
        faults.add(
            f"{own.name} holds the subjects themselves; it is not shared and has no `subject`.",
            own.line,
        )
    _refuse_key(subjects, table, own, faults)


def _refuse_key(subjects: Subjects, table: Table, rule: TableRule, faults: Faults) -> None:
    """Ask for columns of the subjects' table that tell its rows apart."""
    columns = [column.name for column in table.columns]
    missing = [name for name in subjects.key if name not in columns]
    for name in missing:
        faults.add(
            f"Table {table.name} has no column {name!r}{nearest(name, columns)}", subjects.line
        )
    keys = [key.columns for key in (table.primary_key, *table.uniques) if key is not None]
    known = [set(key) for key in (*keys, rule.key or ())]
    if not missing and set(subjects.key) not in known:
        told = ", ".join(subjects.key)
        faults.add(
            f"`subjects.key` is {told}, which does not tell the rows of {table.name} "
            "apart; name a primary or unique key.",
            subjects.line,
        )


def _untraced(name: TableName) -> str:
    return (
        f"Table {name} cannot be traced to a subject: say how with `subject:`, "
        f"or that it is nobody's data with `{name}: shared`."
    )


def _refuse_unknown(name: TableName, catalog: Catalog, faults: Faults, line: int) -> None:
    table = catalog.tables.get(name)
    if table is not None and table.kind is TableKind.FOREIGN:
        faults.add(
            f"{name} is a foreign table: its rows lie on another server, which this policy does "
            "not reach. Take the entry out; doors do not show it.",
            line,
        )
        return
    if table is not None:
        faults.add(f"{name} is a view; subjects are rows of a table.", line)
        return
    known = [str(base.name) for base in catalog.base_tables()]
    faults.add(f"The database has no table {name}{nearest(str(name), known)}", line)


def _traced(
    policy: Policy,
    table: Table,
    rules: Mapping[TableName, TableRule],
    keys: "Keys",
    references: tuple[Reference, ...],
    parents: tuple[Reference, ...],
) -> TracedTable:
    rule = rules[table.name]
    key = keys.key(table.name)
    if not key and not rule.shared:
        keys.faults.add(
            f"Table {table.name} has no primary key and no unique key without NULLs; name the "
            "columns that tell its rows apart with `key: […]`.",
            rule.line,
        )
    return TracedTable(
        table=table,
        rule=rule,
        key=key,
        columns=column_rules(table, rule, key, references, rules),
        lineages=() if rule.shared else lineages(rule, policy.subjects.table, keys),
        references=references,
        parents=parents,
    )
