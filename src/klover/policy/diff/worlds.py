"""Two policies laid over the same made-up tables, where no catalog tells the real ones.

A column that leaves ``identifies`` open is decided by its type and keys. So each policy is decided
in every *world*: where columns are harmless numbers, where they are texts, and where each names a
row. Each world holds every column that either policy names, one that neither does, and one for each
pattern (``patterns``).

An entry that says neither `shared` nor `subject` may be of a table that inherits, and follows a
rule that stands elsewhere. Its columns are decided as nobody's data and as people's, too; where one
policy has such an entry and the other has not, what defaults say counts there.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from itertools import product

from klover.catalog import Catalog, Column, Table, TableKind, TableName
from klover.policy.diff.patterns import OTHER, entry, stand_ins, stands_in
from klover.policy.diff.sight import Pair
from klover.policy.faults import Faults
from klover.policy.filled import filled
from klover.policy.identify import column_rules
from klover.policy.model import Policy, TableRule
from klover.policy.resolved import Reference, Resolved, TracedTable

_KEY = "the key"


class World(Enum):
    """What every column is, as far as nobody says otherwise."""

    NUMBERS = "bigint"
    TEXTS = "text"
    NAMES = "uuid"


class Above(Enum):
    """Whose rule the tables follow whose entries do not tell."""

    DEFAULTS = "that of the defaults"
    PEOPLES = "that of a table of people's data"
    NOBODYS = "that of a shared table"


def worlds(old: Policy, new: Policy) -> tuple[Pair, ...]:
    """Lay both policies over the same made-up tables, once for each world."""
    bare = frozenset(_bare(old) | _bare(new))
    names = _columns(bare, old, new)
    return tuple(
        (_resolved(old, names, bare, world, above), _resolved(new, names, bare, world, above))
        for above, world in product(Above if bare else (Above.DEFAULTS,), World)
    )


def _bare(policy: Policy) -> set[TableName]:
    """List the entries that say something of columns and keys only."""
    return set(policy.tables) - _telling(policy)


def _telling(policy: Policy) -> set[TableName]:
    """List the entries that say whose rows they are."""
    told = {name for name, rule in policy.tables.items() if rule.shared or rule.subjects}
    return told | {policy.subjects.table}


def _columns(bare: frozenset[TableName], *policies: Policy) -> Mapping[TableName, tuple[str, ...]]:
    found: dict[TableName, dict[str, None]] = {}
    for policy in policies:
        for name, rule in _entries(policy, bare).items():
            found.setdefault(name, {}).update(dict.fromkeys(rule.columns))
    return {name: (*columns, OTHER) for name, columns in found.items()} | dict(stand_ins(*policies))


def _entries(policy: Policy, bare: frozenset[TableName]) -> Mapping[TableName, TableRule]:
    own = policy.subjects.table
    return {name: TableRule(name=name) for name in {own, *bare}} | dict(policy.tables)


def _resolved(
    policy: Policy,
    names: Mapping[TableName, tuple[str, ...]],
    bare: frozenset[TableName],
    world: World,
    above: Above,
) -> Resolved:
    tables = {name: _table(name, columns, world) for name, columns in names.items()}
    catalog = Catalog(server_version=0, tables=tables)
    entries = {name: entry(name, policy.defaults) for name in names if stands_in(name)}
    entries |= _entries(policy, bare)
    rules = dict(filled(policy, catalog, entries, Faults(policy.file)))
    if above is not Above.DEFAULTS:
        for name in (bare - _telling(policy)) & set(rules):
            rules[name] = replace(rules[name], shared=above is Above.NOBODYS)
    return Resolved(
        policy=policy,
        catalog=catalog,
        tables={name: _traced(policy, rule, tables[name], rules) for name, rule in rules.items()},
        home=(),
    )


def _table(name: TableName, columns: tuple[str, ...], world: World) -> Table:
    made = tuple(
        Column(
            name=column,
            ordinal=ordinal,
            type=world.value,
            type_kind="b",
            base_type=world.value,
        )
        for ordinal, column in enumerate(columns, 1)
    )
    return Table(name=name, kind=TableKind.TABLE, columns=made)


def _traced(
    policy: Policy, rule: TableRule, table: Table, rules: Mapping[TableName, TableRule]
) -> TracedTable:
    """Trace a table by its rule alone; in the world of names each column names a subject."""
    subjects = policy.subjects.table
    references: tuple[Reference, ...] = ()
    if table.columns[0].type == World.NAMES.value:
        references = tuple(
            Reference(
                columns=(column.name,),
                target=subjects,
                target_columns=(_KEY,),
                declared=False,
            )
            for column in table.columns
        )
    return TracedTable(
        table=table,
        rule=rule,
        key=(_KEY,) if rule.name == subjects else (),
        columns=column_rules(table, rule, (), references, rules),
        lineages=() if rule.shared else ((),),
        references=references,
        parents=(),
    )
