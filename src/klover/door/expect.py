"""What has to stand, read from the policy once more: the proof's own reading of it.

Nothing of ``compile`` or ``condition`` is used, so that a mistake there is found and not repeated:
only what ``see`` decides, the names of things, and each table's rule. The two have to agree in the
form of a view's query, since plans are compared; they share no line of code that makes it.
"""

from collections.abc import Iterator

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.doors import Door, Doors, Keeper, Pseudonyms, View, ViewColumn
from klover.door.plain import is_plain, see
from klover.door.predicate import columns_used
from klover.errors import PolicyError
from klover.policy.model import Audience, Rows
from klover.policy.resolved import Reference, Resolved, RowsShown, TableSight, TracedTable

Terms = list[sql.Composable] | None
"""Every condition that a row has to meet to show; None where no row can."""


def expected(resolved: Resolved, *, database: str) -> Doors:
    """Tell the doors that the policy asks for, as far as a proof looks at them."""
    naming.slugs(resolved.policy.audiences)
    doors = tuple(_door(resolved, each) for _, each in sorted(resolved.policy.audiences.items()))
    entities = sorted({each.entity for door in doors for each in door.pseudonyms})
    return Doors(
        database=database,
        policy=resolved.policy.digest,
        policy_file=resolved.policy.file,
        doors=doors,
        keepers=tuple(
            Keeper(
                function=naming.keeper(entity),
                entity=entity,
                tables=(entity, *resolved.tables[entity].table.partitions),
                body="",
            )
            for entity in entities
        ),
        predicates=(),
    )


def _door(resolved: Resolved, audience: Audience) -> Door:
    schema = naming.schema(audience.name)
    views: list[View] = []
    entities: set[TableName] = set()
    named = naming.view_names(resolved.tables)
    for table, sight in sorted(see(resolved, audience).items()):
        terms = _terms(resolved, resolved.tables[table], ()) if _asks(sight) else []
        if not sight.shown() or sight.rows is RowsShown.NONE or terms is None:
            continue
        entities |= {each.entity for each in sight.shown() if each.entity is not None}
        views.append(
            View(
                name=TableName(schema, named[table]),
                table=table,
                columns=tuple(
                    ViewColumn(name=each.column, entity=each.entity) for each in sight.shown()
                ),
                query=_query(audience, sight, terms).as_string(None),
                conceals=bool(terms),
            )
        )
    return Door(
        audience=audience.name,
        schema=schema,
        owner=naming.owner_role(audience.name),
        role=naming.door_role(audience.name),
        sessions=(),
        views=tuple(views),
        reads={},
        pseudonyms=tuple(
            Pseudonyms(
                table=naming.pseudonym_table(audience.name, entity),
                entity=entity,
                key=resolved.tables[entity].key[0],
            )
            for entity in sorted(entities)
        ),
    )


def _asks(sight: TableSight) -> bool:
    return sight.rows is RowsShown.PUBLIC and bool(sight.shown())


def _query(audience: Audience, sight: TableSight, terms: list[sql.Composable]) -> sql.Composed:
    """Write the query that a view has to be planned like."""
    shown, taken, joined = [], [], []
    for at, each in enumerate(sight.shown()):
        name, other = sql.Identifier(each.column), sql.Identifier(f"p{at}")
        taken.append(sql.Identifier(sight.table.name, each.column))
        if each.entity is None:
            shown.append(sql.Composed([sql.Identifier("r", each.column)]))
            continue
        pseudonyms = naming.pseudonym_table(audience.name, each.entity)
        shown.append(sql.SQL("{}.pseudonym as {}").format(other, name))
        joined.append(
            sql.SQL(" left join {table} as {other} on {other}.key = r.{name}").format(
                table=_identifier(pseudonyms), other=other, name=name
            )
        )
    where = sql.SQL(" where {}").format(sql.SQL(" and ").join(terms)) if terms else sql.SQL("")
    inner = sql.SQL("select {} from {}{}").format(
        sql.SQL(", ").join(taken), _identifier(sight.table), where
    )
    return sql.SQL("select {} from ({}) as r{}").format(
        sql.SQL(", ").join(shown), inner, sql.SQL("").join(joined)
    )


def _terms(resolved: Resolved, traced: TracedTable, below: tuple[TableName, ...]) -> Terms:
    """Ask of a row that its own rule lets it show, and that each row it hangs off shows."""
    rule = traced.rule
    if traced.name in below:
        raise PolicyError(
            f"Rows of {traced.name} hang off themselves; break the ring with `hangs_off:`.",
            file=resolved.policy.file,
            line=rule.line,
        )
    if rule.shared:
        return []
    if rule.public_rows is Rows.NONE:
        return None
    terms: list[sql.Composable] = []
    if rule.public_rows is Rows.PREDICATE:
        text = rule.predicate or ""
        columns_used(text, traced.columns)  # refuses what is not one expression
        terms.append(sql.SQL("(({}) is true)").format(sql.SQL(text)))
    for parent in traced.parents:
        if not is_plain(parent):
            return None
        above = _terms(resolved, resolved.tables[parent.target], (*below, traced.name))
        if above == []:
            continue
        ways = [*_loose(traced, parent), *_held(traced, parent, above)]
        if not ways:
            return None
        terms.append(sql.SQL("({})").format(sql.SQL(" or ").join(ways)))
    return terms


def _loose(traced: TracedTable, parent: Reference) -> Iterator[sql.Composable]:
    """Let a row show whose reference is NULL: it hangs off nothing."""
    for name in parent.columns:
        column = traced.table.column(name)
        if column is None or not column.not_null:
            yield sql.SQL("{} is null").format(sql.Identifier(traced.name.name, name))


def _held(traced: TracedTable, parent: Reference, above: Terms) -> Iterator[sql.Composable]:
    """Ask that the row it hangs off is there, and shows."""
    if above is None:
        return
    pairs = zip(parent.columns, parent.target_columns, strict=True)
    yield sql.SQL("exists (select from (select {} from {} where {}) as above where {})").format(
        sql.SQL(", ").join(map(sql.Identifier, parent.target_columns)),
        _identifier(parent.target),
        sql.SQL(" and ").join(above),
        sql.SQL(" and ").join(
            sql.SQL("above.{} = {}").format(
                sql.Identifier(theirs), sql.Identifier(traced.name.name, ours)
            )
            for ours, theirs in pairs
        ),
    )


def _identifier(table: TableName) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)
