"""A policy held against a catalog, compiled into doors: pure values, no database is asked.

For each audience one view a table it sees anything of, with the application's column names and
order. What is absent is absent from the query, from the view and from what the view's owner
may read. Rows that may be restricted show where they are known not to be.
"""

from collections.abc import Mapping

from psycopg import sql

from klover.catalog import Table, TableName
from klover.door import naming
from klover.door.condition import Reads, identifier, not_restricted
from klover.door.doors import Door, Doors, Epochs, Stored, View, ViewColumn
from klover.door.predicates import predicates
from klover.door.shown import Needs, shown_column
from klover.door.stored import keepers
from klover.policy.resolved import Resolved, RowsShown, Show, TableSight
from klover.policy.sight import see

SETTINGS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "10min",
    "lock_timeout": "10s",
    # A session's own server messages may hold values; the server's log is no place for them.
    "log_min_error_statement": "panic",
    "log_min_messages": "fatal",
    "statement_timeout": "5min",
    "temp_file_limit": "4GB",
}


def compile_doors(
    resolved: Resolved,
    *,
    database: str,
    sessions: int = naming.SESSIONS,
    epochs: Mapping[str, Epochs] | None = None,
) -> Doors:
    """Compile the doors of all audiences for ``database``.

    ``epochs`` are those of the pseudonyms that stand there (``read_epochs``). Raises PolicyError
    for names that clash, conditions that are none, and rows in a ring.
    """
    naming.slugs(resolved.policy.audiences)
    names = naming.view_names(resolved.tables)
    doors: list[Door] = []
    stored: list[Stored] = []
    for audience, rule in sorted(resolved.policy.audiences.items()):
        needs = Needs(
            resolved=resolved,
            audience=audience,
            epochs=(epochs or {}).get(audience, Epochs()),
            reads=Reads(),
        )
        doors.append(_door(needs, see(resolved, rule), names, sessions))
        stored += needs.stored.values()
    return Doors(
        database=database,
        policy=resolved.policy.digest,
        policy_file=resolved.policy.file,
        countries=resolved.policy.countries.edition,
        doors=tuple(doors),
        keepers=keepers(resolved, stored),
        predicates=predicates(resolved),
        applications=tuple(
            sorted({application.role for application in resolved.policy.applications.values()})
        ),
        settings=SETTINGS,
    )


def _door(
    needs: Needs,
    sights: Mapping[TableName, TableSight],
    names: Mapping[TableName, str],
    sessions: int,
) -> Door:
    views: list[View] = []
    schema = naming.schema(needs.audience)
    for table, sight in sorted(sights.items()):
        if not sight.shown() or sight.rows is RowsShown.NONE:
            continue
        where = _where(needs, sight)
        if where is None:
            continue
        views.append(_view(needs, TableName(schema, names[table]), sight, where))
        previous = _previous(needs, TableName(schema, names[table]), sight, where)
        views += [previous] if previous is not None else []
    return Door(
        audience=needs.audience,
        schema=schema,
        owner=naming.owner_role(needs.audience),
        role=naming.door_role(needs.audience),
        sessions=naming.session_roles(needs.audience, sessions),
        views=tuple(views),
        reads={table: frozenset(names) for table, names in sorted(needs.reads.columns.items())},
        epochs=needs.epochs,
    )


def _view(needs: Needs, name: TableName, sight: TableSight, where: sql.Composed) -> View:
    """Compile one view; the table stands alone in an inner query, with the policy's condition."""
    traced = needs.resolved.tables[sight.table]
    columns = [shown_column(needs, traced, each, at) for at, each in enumerate(sight.shown())]
    taken = dict.fromkeys(name for column in columns for name in column.taken)
    needs.reads.add(sight.table, *taken)
    query = sql.SQL(
        "select {columns} from (select {taken} from {table}{where}) as r{joins}"
    ).format(
        columns=sql.SQL(", ").join(column.output for column in columns),
        taken=sql.SQL(", ").join(sql.Identifier(sight.table.name, name) for name in taken),
        table=identifier(sight.table),
        where=where,
        joins=sql.SQL("").join(join for column in columns for join in column.joins),
    )
    return View(
        name=name,
        table=sight.table,
        columns=tuple(
            ViewColumn(name=each.column, source=each.column, show=each.show)
            for each in sight.shown()
        ),
        query=query.as_string(None),
        conceals=bool(list(where)),
        barrier=_barrier(traced.table, where),
    )


def _barrier(table: Table, where: sql.Composed) -> bool:
    """Tell whether rows lie behind a view that it does not show, its own or an application's view.

    A view of all rows hides from a predicate nothing that it shows, and without a barrier the
    planner sees through it: it costs nothing.
    """
    return bool(list(where)) or not table.holds_rows


def _where(needs: Needs, sight: TableSight) -> sql.Composed | None:
    """Write which rows show, empty where all do; None where none can."""
    if sight.rows is RowsShown.ALL:
        return sql.Composed([])
    own = Reads()
    condition = not_restricted(needs.resolved, sight.table, own)
    if condition is False:
        return None
    for table, columns in own.columns.items():
        needs.reads.add(table, *columns)
    return sql.Composed([]) if condition is True else sql.SQL(" where {}").format(condition)


def _previous(needs: Needs, name: TableName, sight: TableSight, where: sql.Composed) -> View | None:
    """Compile the view that leads from a row's previous pseudonym to its current one."""
    key = needs.resolved.tables[sight.table].key
    own = [each for each in sight.shown() if key and each.column == key[-1]]
    if needs.epochs.previous is None or not own or own[0].show is not Show.PSEUDONYM:
        return None
    columns = tuple(
        naming.stored(needs.audience, sight.table, own[0].column, epoch)
        for epoch in (needs.epochs.previous, needs.epochs.current)
    )
    query = sql.SQL(
        "select r.{previous} as previous, r.{current} as current"
        " from (select {table}.{previous}, {table}.{current} from {whole}{where}) as r"
    ).format(
        previous=sql.Identifier(columns[0]),
        current=sql.Identifier(columns[1]),
        table=sql.Identifier(sight.table.name),
        whole=identifier(sight.table),
        where=where,
    )
    needs.reads.add(sight.table, *columns)
    return View(
        name=TableName(name.schema, naming.previous_view(name.name)),
        table=sight.table,
        columns=tuple(
            ViewColumn(name=each, source=own[0].column, show=Show.PSEUDONYM)
            for each in ("previous", "current")
        ),
        query=query.as_string(None),
        conceals=bool(list(where)),
        barrier=bool(list(where)),
    )
