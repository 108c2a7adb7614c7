"""What has to stand, read from the policy once more: the proof's own reading of it.

Nothing of ``compile`` and of what it uses is used, so that a mistake there is found and not
repeated: only what ``see`` decides, the names of things, and each table's rule. The two have to
agree in the form of a view's query, since plans are compared; they share no line of code that
makes it. What is stored in tables is expected in ``stored``, values in ``values``.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.doors import Door, Doors, Epochs, Keeper, Stored, View, ViewColumn
from klover.door.expect.rows import Columns, conditions, identifier, row_terms
from klover.door.expect.stored import expect_keeper, expect_stored
from klover.door.expect.values import expect_joined, expect_value
from klover.policy.model import Audience
from klover.policy.resolved import (
    ColumnSight,
    NamedRow,
    Resolved,
    RowsShown,
    Show,
    TableSight,
    TracedTable,
)
from klover.policy.sight import see


def expected(
    resolved: Resolved, *, database: str, epochs: Mapping[str, Epochs] | None = None
) -> Doors:
    """Tell the doors that the policy asks for, as far as a proof looks at them."""
    naming.slugs(resolved.policy.audiences)
    doors: list[Door] = []
    stored: dict[TableName, dict[str, Stored]] = defaultdict(dict)
    for name, audience in sorted(resolved.policy.audiences.items()):
        asked = _Asked(resolved=resolved, audience=audience, epochs=(epochs or {}).get(name))
        doors.append(asked.door())
        for each in asked.stored:
            stored[each.table][each.name] = each
    return Doors(
        database=database,
        policy=resolved.policy.digest,
        policy_file=resolved.policy.file,
        countries=resolved.policy.countries.edition,
        doors=tuple(doors),
        keepers=tuple(_keepers(resolved, stored)),
        predicates=(),
    )


def _keepers(
    resolved: Resolved, stored: Mapping[TableName, Mapping[str, Stored]]
) -> Iterator[Keeper]:
    for table, columns in sorted(stored.items()):
        ordered = tuple(columns[name] for name in sorted(columns))
        yield expect_keeper(resolved.tables[table].table, ordered)


@dataclass(kw_only=True)
class _Asked:
    """One audience's door as the policy asks for it."""

    resolved: Resolved
    audience: Audience
    epochs: Epochs | None
    stored: list[Stored] = field(default_factory=list)

    def door(self) -> Door:
        name, schema = self.audience.name, naming.schema(self.audience.name)
        called = naming.view_names(self.resolved.tables)
        views: list[View] = []
        for table, sight in sorted(see(self.resolved, self.audience).items()):
            public = sight.rows is RowsShown.PUBLIC and bool(sight.shown())
            terms = row_terms(self.resolved, self.resolved.tables[table], ()) if public else []
            if sight.shown() and sight.rows is not RowsShown.NONE and terms is not None:
                views += self._views(TableName(schema, called[table]), sight, terms)
        reads: Columns = defaultdict(set)
        for view in views:
            for table, columns in view.reads.items():
                reads[table] |= columns
        return Door(
            audience=name,
            schema=schema,
            owner=naming.owner_role(name),
            role=naming.door_role(name),
            sessions=(),
            views=tuple(views),
            reads={table: frozenset(columns) for table, columns in reads.items()},
            epochs=self.epochs or Epochs(),
        )

    def _views(
        self, name: TableName, sight: TableSight, terms: list[sql.Composable]
    ) -> Iterator[View]:
        traced = self.resolved.tables[sight.table]
        reads: Columns = defaultdict(set)
        if terms:
            conditions(self.resolved, sight.table, reads, set())
        outer: list[sql.Composable] = []
        taken: dict[str, None] = {}
        joins: list[sql.Composable] = []
        columns: list[ViewColumn] = []
        for at, each in enumerate(sight.shown()):
            origin: tuple[TableName, str] | None = None
            shown, label = sql.Identifier("r", each.column), sql.Identifier(each.column)
            if each.show is Show.CLEAR:
                outer.append(sql.Composed([shown]))
                taken[each.column] = None
                origin = (sight.table, each.column)
            elif each.show is not Show.PSEUDONYM:
                made = expect_value(traced, each)
                outer.append(sql.SQL("{} as {}").format(made, label))
                taken[each.column] = None
            elif traced.table.holds_rows:
                held = self._kept(traced, each)
                outer.append(sql.SQL("{} as {}").format(sql.Identifier("r", held), label))
                taken[held] = None
                origin = (sight.table, held)
            else:
                value, more = self._joined(traced, each, at, reads)
                outer.append(sql.SQL("{} as {}").format(value, label))
                joins += more
                taken |= dict.fromkeys(n for one in each.names for n in one.columns)
                taken |= dict.fromkeys(one.when[0] for one in each.names if one.when)
                origin = self._plain_origin(each)
            columns.append(
                ViewColumn(name=each.column, source=each.column, show=each.show, origin=origin)
            )
        reads[sight.table] |= set(taken)
        query = _select(outer, list(taken), sight.table, terms, joins)
        hides = bool(terms) or traced.table.is_view
        yield _made(name, sight.table, columns, query, reads, conceals=bool(terms), barrier=hides)
        yield from self._previous(name, sight, terms)

    def _kept(self, traced: TracedTable, each: ColumnSight) -> str:
        self._keep(traced, each.column, each.names)
        for named in each.names:
            entity = self.resolved.tables[named.entity]
            self._keep(entity, entity.key[-1], (_itself(entity),))
        return self._name(traced.name, each.column)

    def _keep(self, traced: TracedTable, column: str, names: tuple[NamedRow, ...]) -> None:
        epochs = self.epochs or Epochs()
        for epoch in {epochs.current, epochs.previous, epochs.coming} - {None}:
            if epoch is not None:
                name = naming.stored(self.audience.name, traced.name, column, epoch)
                if name not in {each.name for each in self.stored}:
                    self.stored.append(
                        expect_stored(self.audience.name, epoch, name, traced, column, names)
                    )

    def _name(self, table: TableName, column: str) -> str:
        epoch = (self.epochs or Epochs()).current
        return naming.stored(self.audience.name, table, column, epoch)

    def _joined(
        self, traced: TracedTable, each: ColumnSight, at: int, reads: Columns
    ) -> tuple[sql.Composable, list[sql.Composable]]:
        targets = []
        for named in each.names:
            entity = self.resolved.tables[named.entity]
            self._keep(entity, entity.key[-1], (_itself(entity),))
            held = self._name(entity.name, entity.key[-1])
            reads[entity.name] |= {held, *entity.key}
            targets.append((named, entity, held))
        return expect_joined(traced, targets, at)

    def _plain_origin(self, each: ColumnSight) -> tuple[TableName, str] | None:
        if len(each.names) != 1 or each.names[0].element:
            return None
        entity = self.resolved.tables[each.names[0].entity]
        return entity.name, self._name(entity.name, entity.key[-1])

    def _previous(
        self, name: TableName, sight: TableSight, terms: list[sql.Composable]
    ) -> Iterator[View]:
        traced, epochs = self.resolved.tables[sight.table], self.epochs or Epochs()
        last = traced.key[-1] if traced.key else ""
        keyed = any(c.column == last and c.show is Show.PSEUDONYM for c in sight.shown())
        if epochs.previous is None or not keyed:
            return
        held = {
            label: naming.stored(self.audience.name, sight.table, last, epoch)
            for label, epoch in (("previous", epochs.previous), ("current", epochs.current))
        }
        outer: list[sql.Composable] = [
            sql.SQL("{} as {}").format(sql.Identifier("r", column), sql.SQL(label))
            for label, column in held.items()
        ]
        mine: Columns = defaultdict(set)
        if terms:
            conditions(self.resolved, sight.table, mine, set())
        mine[sight.table] |= set(held.values())
        columns = [
            ViewColumn(name=label, source=last, show=Show.PSEUDONYM, origin=(sight.table, column))
            for label, column in held.items()
        ]
        query = _select(outer, list(held.values()), sight.table, terms, [])
        view = TableName(name.schema, naming.previous_view(name.name))
        yield _made(
            view, sight.table, columns, query, mine, conceals=bool(terms), barrier=bool(terms)
        )


def _itself(entity: TracedTable) -> NamedRow:
    return NamedRow(entity=entity.name, columns=entity.key)


def _made(
    name: TableName,
    table: TableName,
    columns: list[ViewColumn],
    query: sql.Composed,
    reads: Columns,
    *,
    conceals: bool,
    barrier: bool,
) -> View:
    return View(
        name=name,
        table=table,
        columns=tuple(columns),
        query=query.as_string(None),
        conceals=conceals,
        barrier=barrier,
        reads={read: frozenset(names) for read, names in reads.items()},
    )


def _select(
    outer: list[sql.Composable],
    taken: list[str],
    table: TableName,
    terms: list[sql.Composable],
    joins: list[sql.Composable],
) -> sql.Composed:
    """Write the query that a view has to be planned like."""
    where = sql.SQL(" where {}").format(sql.SQL(" and ").join(terms)) if terms else sql.SQL("")
    inner = sql.SQL("select {} from {}{}").format(
        sql.SQL(", ").join(sql.Identifier(table.name, name) for name in taken),
        identifier(table),
        where,
    )
    return sql.SQL("select {} from ({}) as r{}").format(
        sql.SQL(", ").join(outer), inner, sql.SQL("").join(joins)
    )
