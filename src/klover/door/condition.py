"""Which rows are not restricted, as SQL: the table's own condition, and its parents'.

A row shows only where its own condition IS TRUE (an unknown is restricted) and where each row it
hangs off shows. A reference that is NULL hangs off nothing. Beside the SQL, the columns that it
reads are gathered, since the owner of a view has to hold them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.predicate import columns_used
from klover.door.written import referred
from klover.errors import PolicyError
from klover.policy.model import Rows
from klover.policy.predicate import types_of
from klover.policy.resolved import Reference, Resolved, TracedTable

Condition = sql.Composable | bool
"""SQL over one table, fit for a WHERE, where NULL is as good as false; True where every row shows,
False where none does."""


@dataclass(slots=True, kw_only=True)
class Reads:
    """The columns of base tables that SQL made so far reads."""

    columns: dict[TableName, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, table: TableName, *columns: str) -> None:
        """Note that ``columns`` of ``table`` are read."""
        self.columns[table].update(columns)


def identifier(table: TableName) -> sql.Identifier:
    """Quote a table's name with its schema."""
    return sql.Identifier(table.schema, table.name)


def not_restricted(resolved: Resolved, name: TableName, reads: Reads) -> Condition:
    """Tell the condition under which a row of ``name`` is not restricted."""
    return _condition(resolved, resolved.tables[name], reads, ())


def _condition(
    resolved: Resolved, traced: TracedTable, reads: Reads, way: tuple[TableName, ...]
) -> Condition:
    if traced.name in way:
        ring = " → ".join(str(name) for name in (*way, traced.name))
        raise PolicyError(
            f"Rows hang off themselves in a ring ({ring}); break it with `hangs_off:`.",
            file=resolved.policy.file,
            line=traced.rule.line,
        )
    if traced.rule.shared:
        return True
    own = _own(resolved, traced, reads)
    if own is False:
        return False
    terms = [own] if own is not True else []
    for parents in _ways_up(traced.parents):
        if parents[0].when is not None:
            term = _pair(resolved, traced, parents, reads, (*way, traced.name))
        elif parents[0].element:
            term = _elements(resolved, traced, parents[0], reads, (*way, traced.name))
        else:
            term = _parent(resolved, traced, parents[0], reads, (*way, traced.name))
        if term is False:
            return False
        if term is not True:
            terms.append(term)
    return sql.SQL(" and ").join(terms) if terms else True


def _ways_up(parents: Iterable[Reference]) -> Iterator[list[Reference]]:
    """Gather the halves of a pair; every other parent stands alone."""
    pairs: dict[tuple[tuple[str, ...], str], list[Reference]] = {}
    for parent in parents:
        if parent.when is None:
            yield [parent]
        else:
            pairs.setdefault((parent.columns, parent.when[0]), []).append(parent)
    yield from pairs.values()


def _own(resolved: Resolved, traced: TracedTable, reads: Reads) -> Condition:
    rule = traced.rule
    if rule.public_rows is not Rows.PREDICATE:
        return rule.public_rows is Rows.ALL
    text = rule.predicate or ""
    try:
        reads.add(traced.name, *columns_used(text, types_of(traced.table)))
    except PolicyError as error:
        raise PolicyError(error.message, file=resolved.policy.file, line=rule.line) from None
    # The policy's own text: one expression (columns_used), parsed by Postgres before it is used.
    # It stands where only what is true passes, and an `is true` would hide it from the planner.
    return sql.SQL("({})").format(sql.SQL(text))


def _parent(
    resolved: Resolved,
    traced: TracedTable,
    parent: Reference,
    reads: Reads,
    way: tuple[TableName, ...],
) -> Condition:
    inner = _condition(resolved, resolved.tables[parent.target], reads, way)
    if inner is True and not parent.texts:  # of a text it is asked whether there is such a row
        return True
    reads.add(traced.name, *parent.columns)
    row = sql.Identifier(traced.name.name)
    nullable = [
        sql.SQL("{}.{} is null").format(row, sql.Identifier(name))
        for name in parent.columns
        if not (column := traced.table.column(name)) or not column.not_null
    ]
    if inner is False:
        return sql.SQL("({})").format(sql.SQL(" or ").join(nullable)) if nullable else False
    return sql.SQL("({})").format(
        sql.SQL(" or ").join([*nullable, _shows(resolved, parent, inner, row, reads)])
    )


def _shows(
    resolved: Resolved,
    parent: Reference,
    inner: Condition,
    row: sql.Identifier,
    reads: Reads,
) -> sql.Composed:
    """Ask that the row a reference leads to is there, and shows."""
    return _exists(
        resolved,
        parent,
        sql.SQL("true") if isinstance(inner, bool) else inner,
        reads,
        [sql.SQL("{}.{}").format(row, sql.Identifier(ours)) for ours in parent.columns],
    )


def _exists(
    resolved: Resolved,
    parent: Reference,
    inner: sql.Composable,
    reads: Reads,
    values: Sequence[sql.Composable],
) -> sql.Composed:
    reads.add(parent.target, *parent.target_columns)
    target = resolved.tables[parent.target].table
    keys = [target.column(name) for name in parent.target_columns]
    return sql.SQL(
        "exists (select from (select {columns} from {table} where {inner}) as klover_parent"
        " where {joined})"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, parent.target_columns)),
        table=identifier(parent.target),
        inner=inner,
        joined=sql.SQL(" and ").join(
            sql.SQL("klover_parent.{} = {}").format(sql.Identifier(theirs), value)
            for value, theirs in zip(
                referred(values, parent.columns, parent.texts, keys),
                parent.target_columns,
                strict=True,
            )
        ),
    )


def _pair(
    resolved: Resolved,
    traced: TracedTable,
    halves: Sequence[Reference],
    reads: Reads,
    way: tuple[TableName, ...],
) -> Condition:
    """Ask the half that the type column names; a type that none has hangs off nobody knows what."""
    row = sql.Identifier(traced.name.name)
    kind = halves[0].when[0] if halves[0].when is not None else ""
    reads.add(traced.name, *halves[0].columns, kind)
    ways = [
        sql.SQL("{}.{} is null").format(row, sql.Identifier(name)) for name in halves[0].columns
    ]
    for half in halves:
        inner = _condition(resolved, resolved.tables[half.target], reads, way)
        if inner is False or half.when is None:
            continue
        is_it = sql.SQL("{}.{}::text = {}").format(
            row, sql.Identifier(kind), sql.Literal(half.when[1])
        )
        if inner is True and not half.texts:
            ways.append(is_it)
        else:
            ways.append(
                sql.SQL("({} and {})").format(is_it, _shows(resolved, half, inner, row, reads))
            )
    return sql.SQL("({})").format(sql.SQL(" or ").join(ways))


def _elements(
    resolved: Resolved,
    traced: TracedTable,
    parent: Reference,
    reads: Reads,
    way: tuple[TableName, ...],
) -> Condition:
    """Ask of every element that its row is there, and shows."""
    inner = _condition(resolved, resolved.tables[parent.target], reads, way)
    reads.add(traced.name, *parent.columns)
    alias = sql.Identifier(naming.element_alias(traced.name, parent.columns[0]))
    shown: sql.Composable = sql.SQL("")
    if inner is not False:
        asked = sql.SQL("true") if inner is True else inner
        element = sql.SQL("{}.e").format(alias)
        shown = sql.SQL(" and not {}").format(_exists(resolved, parent, asked, reads, [element]))
    return sql.SQL(
        "not exists (select from unnest({row}.{column}) as {alias} (e)"
        " where {alias}.e is not null{shown})"
    ).format(
        alias=alias,
        row=sql.Identifier(traced.name.name),
        column=sql.Identifier(parent.columns[0]),
        shown=shown,
    )
