"""What of each table's rows goes where: pure, from the resolved policy alone.

A *guest* is another's row inside, a *stub* is what stays of a European's row outside; both keep
their key, what others refer to, and the columns whose class allows it, and hold neutral values
elsewhere. A column that may not be NULL, refers to another row and may not stay is a problem that
the policy has to solve: a stub cannot stand without it. See docs/decisions/0009.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from psycopg import sql

from klover.catalog import Column, TableName
from klover.errors import InputError
from klover.migrate.neutral import neutral
from klover.migrate.pieces import PUBLIC, relation
from klover.policy.model import DataClass
from klover.policy.resolved import Reference, Resolved, TracedTable


class Keep(Enum):
    """Whether a column's own value stands in a stub or guest."""

    ALWAYS = "always"
    IF_PUBLIC = "if public"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a stub or guest of a table cannot stand; ``column`` may be empty."""

    table: TableName
    column: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What is kept of each column, and which columns keep their value against their class."""

    keep: Mapping[str, Keep]
    must: tuple[str, ...]
    """Kept because the row's key or a reference needs them, though their class says no."""
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One table as the migration sees it. ``index`` names its temporary tables."""

    index: int
    traced: TracedTable
    stub: Projection
    guest: Projection
    inherited: bool = False
    """Whether tables inherit from it: their rows are not its own."""

    @property
    def name(self) -> TableName:
        """The table's name."""
        return self.traced.name

    @property
    def key(self) -> tuple[str, ...]:
        """The row key's columns."""
        return self.traced.key

    @property
    def shared(self) -> bool:
        """Whether the table is nobody's data."""
        return self.traced.rule.shared

    def rows(self) -> sql.Composable:
        """Name the table so that its own rows are meant, without those of tables that inherit."""
        name = relation(self.name)
        return sql.SQL("only {}").format(name) if self.inherited else name

    def stored(self) -> tuple[Column, ...]:
        """List the columns that are written (generated ones follow by themselves)."""
        return tuple(column for column in self.traced.table.columns if not column.generated)

    def key_columns(self) -> tuple[Column, ...]:
        """List the key's columns with their types."""
        return tuple(self._column(name) for name in self.key)

    def binary(self) -> bool:
        """Tell whether every stored column's binary form means the same on both servers."""
        return all(column.portable_binary for column in self.stored())

    def value(self, projection: Projection, column: Column, alias: str, flags: str) -> sql.Composed:
        """Tell a column's value under a projection; ``flags`` is the alias that tells PUBLIC."""
        own = sql.Composed([sql.Identifier(alias, column.name)])
        keep = projection.keep[column.name]
        if keep is Keep.ALWAYS:
            return own
        instead = neutral(
            column,
            self.traced.columns[column.name],
            alias=alias,
            key=self.key,
            unique=_in_unique(self.traced, column.name, projection.keep),
        )
        if instead is None:
            raise InputError(projection.faults[0].sentence)
        if keep is Keep.NEVER:
            return instead
        return sql.SQL("case when {} then {} else {} end").format(
            sql.Identifier(flags, PUBLIC), own, instead
        )

    def whole(self, projection: Projection) -> bool:
        """Tell whether a projection takes nothing away."""
        return all(projection.keep[column.name] is Keep.ALWAYS for column in self.stored())

    def has_reason_to_stay(self) -> bool:
        """Tell whether any column of a stub stays because its class allows it."""
        return any(
            keep is not Keep.NEVER and name not in self.stub.must
            for name, keep in self.stub.keep.items()
        )

    def _column(self, name: str) -> Column:
        column = self.traced.table.column(name)
        if column is None:  # the policy room has checked it
            raise InputError(f"Table {self.name} has no column {name!r}.")
        return column


def shapes(resolved: Resolved) -> Mapping[TableName, Shape]:
    """Shape every table of a policy, by name, in one order for good."""
    bases = resolved.base_tables()
    needed = _referred_to(resolved)
    return {
        name: Shape(
            index=index,
            traced=bases[name],
            inherited=any(name in table.inherits for table in resolved.catalog.tables.values()),
            stub=_project(
                resolved,
                bases[name],
                needed[name],
                resolved.policy.stays_outside,
                follow=False,
            ),
            guest=_project(
                resolved,
                bases[name],
                needed[name],
                frozenset({DataClass.INTEROPERABLE, DataClass.PUBLIC}),
                follow=True,
            ),
        )
        for index, name in enumerate(sorted(bases))
    }


def kept_references(shape: Shape, projection: Projection) -> tuple[Reference, ...]:
    """List the references that may still stand under a projection."""
    return tuple(
        reference
        for reference in shape.traced.references
        if all(projection.keep.get(name) is not Keep.NEVER for name in read_by(reference))
    )


def led_to(
    resolved: Resolved, shapes: Mapping[TableName, Shape], references: Iterable[Reference]
) -> Iterator[tuple[Reference, Shape]]:
    """Pair references with where they lead: stated ones to tables that inherit as well."""
    for reference in references:
        yield reference, shapes[reference.target]
        if not reference.declared:
            for child in resolved.children(reference.target):
                yield reference, shapes[child]


def read_by(reference: Reference) -> tuple[str, ...]:
    """List the columns that tell where a reference leads: a pair's type too."""
    by = (reference.when[0],) if reference.when is not None else ()
    return (*reference.columns, *by)


def _referred_to(resolved: Resolved) -> Mapping[TableName, frozenset[str]]:
    """Collect the columns that references of any table point to."""
    bases = resolved.base_tables()
    found: dict[TableName, set[str]] = {name: set() for name in bases}
    for traced in bases.values():
        for reference in traced.references:
            # What refers to a table may mean a row of one that inherits from it.
            for target in (reference.target, *resolved.children(reference.target)):
                found[target].update(reference.target_columns)
    return {name: frozenset(names) for name, names in found.items()}


def _project(
    resolved: Resolved,
    traced: TracedTable,
    needed: frozenset[str],
    classes: frozenset[DataClass],
    *,
    follow: bool,
) -> Projection:
    """Decide for each column; ``follow`` keeps references that may not be NULL (for guests)."""
    keep: dict[str, Keep] = {}
    must: list[str] = []
    for column in traced.table.columns:
        rule = traced.columns[column.name]
        keep[column.name] = _allowed(rule.strictest, classes, shared=traced.rule.shared)
        bound = follow and column.not_null and rule.stub is None and _refers(traced, column.name)
        if keep[column.name] is not Keep.ALWAYS and (
            column.name in traced.key or column.name in needed or bound
        ):
            must.append(column.name)
            keep[column.name] = Keep.ALWAYS
    faults = tuple(
        fault
        for column in traced.table.columns
        if keep[column.name] is not Keep.ALWAYS and not column.generated
        for fault in _faults(resolved, traced, column, keep)
    )
    return Projection(keep=keep, must=tuple(must), faults=faults)


def _allowed(data_class: DataClass, classes: frozenset[DataClass], *, shared: bool) -> Keep:
    if shared:
        return Keep.ALWAYS
    if data_class not in classes:
        return Keep.NEVER
    return Keep.IF_PUBLIC if data_class is DataClass.PUBLIC else Keep.ALWAYS


def _faults(
    resolved: Resolved, traced: TracedTable, column: Column, keep: Mapping[str, Keep]
) -> tuple[Fault, ...]:
    rule = traced.columns[column.name]
    where = f"{traced.name}.{column.name}"
    if rule.stub is None and column.not_null and _refers(traced, column.name):
        target = next(r.target for r in traced.references if column.name in read_by(r))
        word = "shared table" if resolved.tables[target].rule.shared else "table"
        sentence = (
            f"{where} is {rule.data_class}, may not be NULL and refers to the {word} {target}: "
            "a row that others refer to cannot stand outside without it. Classify it "
            "interoperable, or let it be NULL."
        )
        return (Fault(table=traced.name, column=column.name, sentence=sentence),)
    unique = _in_unique(traced, column.name, keep)
    if neutral(column, rule, alias="t", key=traced.key, unique=unique) is None:
        sentence = (
            f"{where} may not be NULL and there is no neutral value for its type"
            f"{' that is unique' if unique else ''}; say one with `stub:`."
        )
        return (Fault(table=traced.name, column=column.name, sentence=sentence),)
    return ()


def _refers(traced: TracedTable, name: str) -> bool:
    """Tell whether the column refers to one row; an empty array refers to none and may stand."""
    return any(name in read_by(key) and not key.element for key in traced.references)


def _in_unique(traced: TracedTable, name: str, keep: Mapping[str, Keep]) -> bool:
    """Tell whether the column decides a unique constraint, no kept column telling rows apart."""
    keys = [key.columns for key in traced.table.uniques if name in key.columns]
    return any(all(keep[other] is not Keep.ALWAYS for other in key) for key in keys)
