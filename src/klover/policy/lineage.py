"""Following keys: from a row to its subjects, and from a subject to its home.

A step follows a foreign key that the database declares or the policy states (``references``).
``Keys`` knows them all; a reference to a partition counts as one to its whole table.
"""

from collections.abc import Mapping

from klover.catalog import Catalog, ForeignKey, Table, TableName
from klover.policy.faults import Faults
from klover.policy.model import Backward, Forward, Path, Subjects, TableRule
from klover.policy.reading import nearest
from klover.policy.resolved import Hop, Lineage, Reference, TracedEvidence


class Keys:
    """The row keys and references of all tables that have a rule."""

    def __init__(
        self, *, catalog: Catalog, rules: Mapping[TableName, TableRule], faults: Faults
    ) -> None:
        """Check the stated references on the way; faults go to ``faults``."""
        self.catalog = catalog
        self.rules = rules
        self.faults = faults
        self._whole = {
            part: table.name for table in catalog.base_tables() for part in table.partitions
        }
        self._references = {name: self._collect(rule) for name, rule in rules.items()}

    def table(self, name: TableName) -> Table:
        """Find a table that has a rule."""
        return self.catalog.tables[name]

    def key(self, name: TableName) -> tuple[str, ...]:
        """Tell the row key: stated, primary, or the first unique one that allows no NULL."""
        table, rule = self.table(name), self.rules[name]
        if rule.key:
            return rule.key
        if table.primary_key is not None:
            return table.primary_key.columns
        full = {column.name for column in table.columns if column.not_null}
        return next((key.columns for key in table.uniques if full.issuperset(key.columns)), ())

    def references(self, name: TableName) -> tuple[Reference, ...]:
        """List what ``name`` refers to, stated references first."""
        return self._references[name]

    def standing_on(self, name: TableName, column: str) -> Reference | None:
        """Find the one reference that stands on ``column``; None where none or several do.

        A stated one goes before declared ones, one of a single column before wider ones.
        """
        found = [key for key in self._references[name] if column in key.columns]
        stated = [key for key in found if not key.declared]
        single = [key for key in found if len(key.columns) == 1]
        choice = stated or single or found
        targets = {(key.target, key.target_columns) for key in choice}
        return choice[0] if len(targets) == 1 else None

    def _collect(self, rule: TableRule) -> tuple[Reference, ...]:
        stated = []
        for key in rule.references:
            target = self.catalog.tables.get(key.target)
            if target is None or key.target not in self.rules:
                known = [str(name) for name in self.rules]
                self.faults.add(
                    f"Table {rule.name}: `references.{key.column}` names the table {key.target}, "
                    f"which is not there{nearest(str(key.target), known)}",
                    key.line,
                )
            elif target.column(key.target_column) is None:
                known = [column.name for column in target.columns]
                self.faults.add(
                    f"Table {key.target} has no column {key.target_column!r}"
                    f"{nearest(key.target_column, known)}",
                    key.line,
                )
            else:
                stated.append(
                    Reference(
                        columns=(key.column,),
                        target=key.target,
                        target_columns=(key.target_column,),
                        declared=False,
                    )
                )
        declared = [self._declared(key) for key in self.table(rule.name).foreign_keys]
        same = {(key.columns, key.target, key.target_columns) for key in stated}
        found = list(stated)
        for reference in declared:
            sign = (reference.columns, reference.target, reference.target_columns)
            if reference.target in self.rules and sign not in same:
                same.add(sign)
                found.append(reference)
        return tuple(found)

    def _declared(self, key: ForeignKey) -> Reference:
        return Reference(
            columns=key.columns,
            target=self._whole.get(key.target, key.target),
            target_columns=key.target_columns,
            declared=True,
        )


def lineages(rule: TableRule, subjects: TableName, keys: Keys) -> tuple[Lineage, ...]:
    """Find a lineage for each of the rule's paths; the subjects' own is empty."""
    if rule.name == subjects:
        return ((),)
    found = []
    for path in rule.subjects:
        hops = _follow(rule.name, path.steps, path, keys)
        if hops is None:
            continue
        if hops[-1].target != subjects:
            keys.faults.add(
                f"The path {path.text!r} of table {rule.name} ends at {hops[-1].target}, "
                f"not at the subjects' table {subjects}.",
                path.line,
            )
            continue
        found.append(hops)
    return tuple(found)


def home_lineages(subjects: Subjects, keys: Keys) -> tuple[TracedEvidence, ...]:
    """Find the joins and the last column of each piece of evidence for a home."""
    found = []
    for evidence in subjects.home:
        path = evidence.path
        *way, last = path.steps
        hops = _follow(subjects.table, tuple(way), path, keys)
        if hops is None or isinstance(last, Backward):
            continue
        end = hops[-1].target if hops else subjects.table
        if _column(end, last.column, path, keys):
            found.append(
                TracedEvidence(
                    kind=evidence.kind,
                    lineage=hops,
                    column=last.column,
                    path=path.text,
                    line=path.line,
                )
            )
    return tuple(found)


def _follow(
    start: TableName, steps: tuple[Forward | Backward, ...], path: Path, keys: Keys
) -> Lineage | None:
    at = start
    hops: list[Hop] = []
    for step in steps:
        hop = (
            _forward(at, step.column, path, keys)
            if isinstance(step, Forward)
            else _backward(at, step, path, keys)
        )
        if hop is None:
            return None
        hops.append(hop)
        at = hop.target
    return tuple(hops)


def _forward(at: TableName, column: str, path: Path, keys: Keys) -> Hop | None:
    if not _column(at, column, path, keys):
        return None
    key = keys.standing_on(at, column)
    if key is None:
        keys.faults.add(
            f"The path {path.text!r} follows {at}.{column}, on which no single key stands; "
            f"state it with `references: {{{column}: table.column}}` under {at}.",
            path.line,
        )
        return None
    return Hop(
        source=at, source_columns=key.columns, target=key.target, target_columns=key.target_columns
    )


def _backward(at: TableName, step: Backward, path: Path, keys: Keys) -> Hop | None:
    if step.table not in keys.rules:
        known = [str(name) for name in keys.rules]
        keys.faults.add(
            f"The path {path.text!r} goes back to the table {step.table}, which is not there"
            f"{nearest(str(step.table), known)}",
            path.line,
        )
        return None
    if not _column(step.table, step.column, path, keys):
        return None
    fitting = [
        key
        for key in keys.references(step.table)
        if step.column in key.columns and key.target == at
    ]
    if not fitting:
        keys.faults.add(
            f"The path {path.text!r} goes back over {step.table}.{step.column}, which does not "
            f"refer to {at}; state it with `references:` under {step.table} if it does.",
            path.line,
        )
        return None
    key = fitting[0]
    return Hop(
        source=at,
        source_columns=key.target_columns,
        target=step.table,
        target_columns=key.columns,
        backward=True,
    )


def _column(table: TableName, column: str, path: Path, keys: Keys) -> bool:
    known = [found.name for found in keys.table(table).columns]
    if column in known:
        return True
    keys.faults.add(
        f"The path {path.text!r}: table {table} has no column {column!r}{nearest(column, known)}",
        path.line,
    )
    return False
