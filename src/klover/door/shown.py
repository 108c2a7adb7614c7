"""How one column of a view is made: as it is, by its stored pseudonym, coarse, or in parts.

Beside the SQL, what it needs is gathered: the columns that the view's owner has to hold, and the
columns that Klover has to keep in the application's tables. A relation that can hold no column of
ours (a view, a foreign table) is joined to the table whose rows its values name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from klover.catalog import Column
from klover.door import naming
from klover.door.coarse import coarse
from klover.door.condition import Reads, identifier
from klover.door.doors import Epochs, Stored
from klover.door.keys import is_written, misfit, unfit
from klover.door.parts import parts
from klover.door.stored import check
from klover.door.written import read_as
from klover.errors import PolicyError
from klover.policy.resolved import ColumnSight, NamedRow, Resolved, Show, TracedTable


@dataclass(slots=True, kw_only=True)
class Needs:
    """What the views of one audience need, gathered while they are compiled."""

    resolved: Resolved
    audience: str
    epochs: Epochs
    reads: Reads
    stored: dict[str, Stored] = field(default_factory=dict)
    """The columns of pseudonyms, of every epoch that has a key, by name."""

    def keep(self, traced: TracedTable, column: str, names: Sequence[NamedRow]) -> str:
        """Have pseudonyms stored for a column, and tell the column of the current ones.

        The rows that are named get theirs in their own table, too: they are looked up there.
        """
        for epoch in self.epochs.all():
            name = naming.stored(self.audience, traced.name, column, epoch)
            if name not in self.stored:
                self.stored[name] = Stored(
                    audience=self.audience,
                    epoch=epoch,
                    table=traced.name,
                    column=column,
                    name=name,
                    names=tuple(names),
                    check=check(name, names).as_string(None),
                    unique=len(names) == 1 and is_own_key(traced, names[0]),
                )
        for named in names:
            target = self.resolved.tables[named.entity]
            if named.entity != traced.name or not is_own_key(traced, named):
                self.keep_own(target)
        return naming.stored(self.audience, traced.name, column, self.epochs.current)

    def keep_own(self, traced: TracedTable) -> str:
        """Have pseudonyms stored for a table's own rows, and tell the column.

        Raises PolicyError for a relation that can hold no column of ours.
        """
        if not traced.table.holds_rows:
            raise PolicyError(
                f"{traced.name} is a view or foreign table, whose own rows can have no pseudonyms. "
                f"Say with `references:` whose rows {traced.key[-1]} names, or classify it so that "
                "no audience under pseudonyms sees it.",
                file=self.resolved.policy.file,
                line=traced.columns[traced.key[-1]].line or traced.rule.line,
            )
        for name in traced.key:
            self.refuse(traced, name, unfit(_held(traced, name)))
        named = NamedRow(entity=traced.name, columns=traced.key)
        return self.keep(traced, traced.key[-1], (named,))

    def refuse(self, traced: TracedTable, name: str, why: str, column: str = "") -> None:
        """Raise PolicyError where there is a reason why ``column`` can have no pseudonym."""
        if why:
            raise PolicyError(
                f"{traced.name}.{name} {why}: no pseudonym can be kept for it. Classify "
                f"{column or name}, and what refers to it, so that no audience under pseudonyms "
                "sees it.",
                file=self.resolved.policy.file,
                line=traced.columns[name].line or traced.rule.line,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One column of a view: its SQL over ``r``, the columns it takes of the table, its joins."""

    output: sql.Composed
    taken: tuple[str, ...]
    joins: tuple[sql.Composed, ...] = ()


def shown_column(needs: Needs, traced: TracedTable, column: ColumnSight, at: int) -> Shown:
    """Compile one column; ``at`` is its number in the view. Raises PolicyError."""
    name = sql.Identifier(column.column)
    held = _held(traced, column.column)
    value = sql.SQL("r.{}").format(name)
    if column.show is Show.CLEAR:
        return Shown(output=value, taken=(column.column,))
    if column.show is Show.COARSE and column.coarsen is not None:
        made = coarse(column.coarsen, held, value)
        return Shown(output=_as(made, name), taken=(column.column,))
    if column.show is Show.PARTS and column.parts:
        made = parts(column.parts, held, value)
        return Shown(output=_as(made, name), taken=(column.column,))
    if column.show is not Show.PSEUDONYM or not column.names:
        raise ValueError(f"{traced.name}.{column.column} is shown in no known way")
    if not traced.table.holds_rows:
        return _joined(needs, traced, column, at)
    _refuse_keys(needs, traced, column)
    stored = needs.keep(traced, column.column, column.names)
    return Shown(output=sql.SQL("r.{} as {}").format(sql.Identifier(stored), name), taken=(stored,))


def is_own_key(traced: TracedTable, named: NamedRow) -> bool:
    """Tell whether a row is named by the whole of its table's own key."""
    return named.columns == traced.key and not named.element and named.when is None


def _as(value: sql.Composable, name: sql.Identifier) -> sql.Composed:
    return sql.SQL("{} as {}").format(value, name)


def _refuse_keys(needs: Needs, traced: TracedTable, column: ColumnSight) -> None:
    """Raise PolicyError for keys that no pseudonym can be kept for."""
    for named in column.names:
        target = needs.resolved.tables[named.entity]
        for name, theirs in zip(named.columns, target.key, strict=True):
            why = misfit(_held(traced, name), _held(target, theirs), element=named.element)
            needs.refuse(traced, name, why)
        for name in (named.when or ())[:1]:
            if _held(traced, name).generated:
                needs.refuse(traced, name, "is a generated column", column.column)


def _held(traced: TracedTable, name: str) -> Column:
    column = traced.table.column(name)
    if column is None:
        raise ValueError(f"{traced.name} has no column {name!r}")
    return column


def _joined(needs: Needs, traced: TracedTable, column: ColumnSight, at: int) -> Shown:
    """Take the pseudonyms from the tables of the rows that are named."""
    values, joins = [], []
    for number, named in enumerate(column.names):
        target = needs.resolved.tables[named.entity]
        stored = needs.keep_own(target)
        needs.reads.add(named.entity, stored, *target.key)
        alias = f"p{at}_{number}"
        if named.element:
            values.append(_elements(named, target, traced, stored, at))
            continue
        joins.append(
            sql.SQL(" left join {table} as {alias} on {on}").format(
                table=identifier(named.entity),
                alias=sql.Identifier(alias),
                on=sql.SQL(" and ").join(_on(alias, named, target, traced)),
            )
        )
        values.append(sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(stored)))
    value = (
        values[0]
        if len(values) == 1
        else sql.SQL("coalesce({})").format(sql.SQL(", ").join(values))
    )
    taken = [name for named in column.names for name in named.columns]
    taken += [named.when[0] for named in column.names if named.when is not None]
    return Shown(
        output=_as(value, sql.Identifier(column.column)),
        taken=tuple(dict.fromkeys(taken)),
        joins=tuple(joins),
    )


def _on(
    alias: str, named: NamedRow, target: TracedTable, traced: TracedTable
) -> Iterator[sql.Composed]:
    for key, name in zip(target.key, named.columns, strict=True):
        value: sql.Composable = sql.SQL("r.{}").format(sql.Identifier(name))
        if is_written(_held(traced, name), _held(target, key)):
            value = read_as(value, _held(target, key))
        yield sql.SQL("{}.{} = {}").format(sql.Identifier(alias), sql.Identifier(key), value)
    if named.when is not None:
        yield sql.SQL("r.{}::text = {}").format(
            sql.Identifier(named.when[0]), sql.Literal(named.when[1])
        )


def _elements(
    named: NamedRow, target: TracedTable, traced: TracedTable, stored: str, at: int
) -> sql.Composed:
    """Write the pseudonyms of an array's elements, in their order."""
    value: sql.Composable = sql.SQL("{}.e").format(sql.Identifier(f"u{at}"))
    key = _held(target, target.key[0])
    if is_written(_held(traced, named.columns[0]), key, element=True):
        value = read_as(value, key)
    return sql.SQL(
        "case when r.{column} is not null then array(select {e}.{stored}"
        " from unnest(r.{column}) with ordinality as {u} (e, n)"
        " left join {table} as {e} on {e}.{key} = {value} order by {u}.n) end"
    ).format(
        e=sql.Identifier(f"e{at}"),
        u=sql.Identifier(f"u{at}"),
        column=sql.Identifier(named.columns[0]),
        stored=sql.Identifier(stored),
        table=identifier(named.entity),
        key=sql.Identifier(target.key[0]),
        value=value,
    )
