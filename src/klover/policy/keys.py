"""The row keys of all tables that have a rule, and what refers to what.

References are those the database declares and those the policy states, stated ones first. A
reference to a partition counts as one to its whole table. A stated key is held against the types
of both sides: what Postgres could not compare is refused here, with the line.
"""

from collections.abc import Iterable, Mapping

from klover.catalog import Catalog, Column, ForeignKey, Table, TableName
from klover.policy.faults import Faults
from klover.policy.model import Backward, Forward, StatedKey, TableRule
from klover.policy.neutral import bare_type
from klover.policy.reading import nearest
from klover.policy.resolved import Reference

_KINDS = {
    "smallint": "number",
    "integer": "number",
    "bigint": "number",
    "numeric": "number",
    "real": "number",
    "double precision": "number",
    "text": "text",
    "character varying": "text",
    "character": "text",
    "bpchar": "text",
    "name": "text",
    "citext": "text",
}
_TEXTS = frozenset({"text", "character varying", "character", "bpchar"})
WRITTEN = frozenset({"smallint", "integer", "bigint", "uuid"})
"""Types of keys that a text may hold: each value is written in one way."""


def row_key(table: Table, rule: TableRule) -> tuple[str, ...]:
    """Tell the row key: stated, primary, or the first unique one that allows no NULL."""
    if rule.key:
        return rule.key
    if table.primary_key is not None:
        return table.primary_key.columns
    full = {column.name for column in table.columns if column.not_null}
    return next((key.columns for key in table.uniques if full.issuperset(key.columns)), ())


def fits(reference: Reference, step: Forward | Backward) -> bool:
    """Tell whether a step of a path means this reference."""
    if step.element or step.value is not None or reference.element or reference.when is not None:
        value = reference.when[1] if reference.when is not None else None
        return (reference.columns, reference.element, value) == (
            step.columns,
            step.element,
            step.value,
        )
    if step.more:
        return set(reference.columns) == set(step.columns)
    return step.column in reference.columns


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
        """Tell the row key of a table."""
        return row_key(self.table(name), self.rules[name])

    def references(self, name: TableName) -> tuple[Reference, ...]:
        """List what ``name`` refers to, stated references first."""
        return self._references[name]

    def standing_on(self, name: TableName, step: Forward) -> Reference | None:
        """Find the one reference that a step follows; None where none or several do.

        A stated one goes before declared ones, one of a single column before wider ones.
        """
        found = [key for key in self._references[name] if fits(key, step)]
        stated = [key for key in found if not key.declared]
        single = [key for key in found if len(key.columns) == 1]
        choice = stated or single or found
        targets = {(key.target, key.target_columns) for key in choice}
        return choice[0] if len(targets) == 1 else None

    def _collect(self, rule: TableRule) -> tuple[Reference, ...]:
        found: list[Reference] = []
        same = set()
        stated = (self._stated(rule, key) for key in rule.references)
        declared = (self._declared(key) for key in self.table(rule.name).foreign_keys)
        for reference in (*stated, *declared):
            if reference is None or reference.target not in self.rules:
                continue
            columns = tuple(zip(reference.columns, reference.target_columns, strict=True))
            sign = (frozenset(columns), reference.target, reference.element, reference.when)
            if sign not in same:
                same.add(sign)
                found.append(reference)
        return tuple(found)

    def _stated(self, rule: TableRule, key: StatedKey) -> Reference | None:
        if not self._there(rule, key):
            return None
        ours, theirs = self.table(rule.name), self.table(key.target)
        for mine, other in zip(key.columns, key.target_columns, strict=True):
            if not self._comparable(rule, key, ours.column(mine), theirs.column(other)):
                return None
        texts = frozenset(
            mine
            for mine, other in zip(key.columns, key.target_columns, strict=True)
            if _writes(ours.column(mine), theirs.column(other))
        )
        return Reference(
            columns=key.columns,
            target=key.target,
            target_columns=key.target_columns,
            declared=False,
            element=key.element,
            when=key.when,
            texts=texts,
        )

    def _there(self, rule: TableRule, key: StatedKey) -> bool:
        """Ask for a table that holds rows, and for all columns."""
        where = f"Table {rule.name}: `references.{', '.join(key.columns)}`"
        target = self.catalog.tables.get(key.target)
        if target is not None and target.holds_rows and key.target not in self.rules:
            return False  # a table without a rule has a fault of its own
        if target is None or key.target not in self.rules:
            known = [str(name) for name in self.rules]
            self.faults.add(
                f"{where} names the table {key.target}, which is not there"
                f"{nearest(str(key.target), known)}",
                key.line,
            )
            return False
        if target.is_view:
            self.faults.add(
                f"{where} names the view {key.target}; a reference leads to a table.", key.line
            )
            return False
        by = (key.when[0],) if key.when is not None else ()
        own = self._known(self.table(rule.name), (*key.columns, *by), key.line)
        return self._known(target, key.target_columns, key.line) and own

    def _known(self, table: Table, names: Iterable[str], line: int) -> bool:
        known = [column.name for column in table.columns]
        missing = [name for name in names if name not in known]
        for name in missing:
            self.faults.add(
                f"Table {table.name} has no column {name!r}{nearest(name, known)}", line
            )
        return not missing

    def _comparable(
        self, rule: TableRule, key: StatedKey, mine: Column | None, other: Column | None
    ) -> bool:
        """Refuse sides that cannot be equal; what is not known here Postgres decides."""
        if mine is None or other is None:
            return False
        where = f"Table {rule.name}: `references.{mine.name}`"
        if key.element != (mine.element_type is not None):
            told = f"is no array; leave out `[]` behind {mine.name!r}"
            if not key.element:
                told = f"is an array; write `{mine.name}[]` for its elements"
            self.faults.add(f"{where}: the column {told}.", key.line)
            return False
        ours, theirs = _kind(mine.element_type or mine.base_type), _kind(other.base_type)
        if ours == theirs or "" in {ours, theirs} or _writes(mine, other):
            return True
        self.faults.add(
            f"{where} is of the type {mine.type}, but {key.target}.{other.name} is {other.type}; "
            "values of the two cannot be equal.",
            key.line,
        )
        return False

    def _declared(self, key: ForeignKey) -> Reference:
        return Reference(
            columns=key.columns,
            target=self._whole.get(key.target, key.target),
            target_columns=key.target_columns,
            declared=True,
        )


def _writes(mine: Column | None, other: Column | None) -> bool:
    """Tell whether one side is a text that can hold what the other, a number or uuid, is."""
    if mine is None or other is None:
        return False
    return (
        bare_type(mine.element_type or mine.base_type) in _TEXTS
        and other.element_type is None
        and bare_type(other.base_type) in WRITTEN
    )


def _kind(type_name: str) -> str:
    """Tell what a type's values can be compared with; empty for types nobody listed."""
    bare = bare_type(type_name)
    return _KINDS.get(bare, "uuid" if bare == "uuid" else "")
