"""A policy held against a catalog: every table's way to its subjects, or a sentence why not.

Every base table has to be traced or shared; views and partitions follow the tables they show.
A column the policy does not name is restricted (public in a shared table). The lineages are
found in ``lineage``, what rows hang off in ``parents``, what a class implies in ``identify``.
"""

from collections.abc import Mapping

from klover.catalog import Catalog, Table, TableKind, TableName
from klover.policy.faults import Faults
from klover.policy.identify import column_rules
from klover.policy.lineage import Keys, home_lineages, lineages
from klover.policy.model import Policy, Subjects, TableRule
from klover.policy.parents import parents_of
from klover.policy.reading import nearest
from klover.policy.resolved import Reference, Resolved, TracedTable

_BASE = (TableKind.TABLE, TableKind.PARTITIONED)


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
    home = home_lineages(policy.subjects, keys)
    faults.settle()
    return Resolved(policy=policy, catalog=catalog, tables=tables, home=home)


def _rules(policy: Policy, catalog: Catalog, faults: Faults) -> Mapping[TableName, TableRule]:
    """Pair each base table with its rule; refuse tables without one and rules without a table."""
    bases = {table.name: table for table in catalog.base_tables()}
    whole = {part: table.name for table in bases.values() for part in table.partitions}
    subjects = policy.subjects
    found: dict[TableName, TableRule] = {}
    for name, rule in policy.tables.items():
        if name in whole and name not in bases:
            faults.add(f"{name} is a partition of {whole[name]}; write the rule there.", rule.line)
        elif name not in bases:
            _refuse_unknown(name, catalog, faults, rule.line)
        else:
            found[name] = rule
            _refuse_columns(rule, bases[name], faults)
    if subjects.table not in bases:
        _refuse_unknown(subjects.table, catalog, faults, subjects.line)
        return found
    own = found.setdefault(subjects.table, TableRule(name=subjects.table, line=subjects.line))
    if own.shared or own.subjects:
        faults.add(
            f"{own.name} holds the subjects themselves; it is not shared and has no `subject`.",
            own.line,
        )
    _refuse_key(subjects, bases[subjects.table], own, faults)
    for rule in found.values():
        if not rule.shared and not rule.subjects and rule.name != subjects.table:
            faults.add(_untraced(rule.name), rule.line)
    for name in sorted(set(bases) - set(found)):
        faults.add(_untraced(name), 0)
    return found


def _refuse_key(subjects: Subjects, table: Table, rule: TableRule, faults: Faults) -> None:
    """Ask for a column of the subjects' table that tells its rows apart."""
    if table.column(subjects.key) is None:
        columns = [column.name for column in table.columns]
        faults.add(
            f"Table {table.name} has no column {subjects.key!r}{nearest(subjects.key, columns)}",
            subjects.line,
        )
        return
    keys = [key.columns for key in (table.primary_key, *table.uniques) if key is not None]
    if (subjects.key,) not in [*keys, rule.key]:
        faults.add(
            f"`subjects.key` is {subjects.key}, which does not tell the rows of {table.name} "
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
    if table is not None and table.kind not in _BASE:
        faults.add(f"{name} is no table that holds rows; rules are for tables.", line)
        return
    known = [str(base.name) for base in catalog.base_tables()]
    faults.add(f"The database has no table {name}{nearest(str(name), known)}", line)


def _refuse_columns(rule: TableRule, table: Table, faults: Faults) -> None:
    known = [column.name for column in table.columns]
    named = {name: column.line for name, column in rule.columns.items()}
    named.update(dict.fromkeys(rule.key or (), rule.line))
    named.update(dict.fromkeys(rule.hangs_off or (), rule.line))
    named.update({stated.column: stated.line for stated in rule.references})
    for name, line in named.items():
        if name not in known:
            faults.add(f"Table {rule.name} has no column {name!r}{nearest(name, known)}", line)


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
