"""A policy held against a catalog, compiled into doors: pure values, no database is asked.

For each audience one view a table it sees anything of, with the application's column names and
order. What is absent is absent from the query, from the view and from what the view's owner
may read. Rows that may be restricted show where they are known not to be.
"""

from collections.abc import Mapping

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.condition import Condition, Reads, identifier, not_restricted
from klover.door.doors import Door, Doors, Keeper, Predicate, Pseudonyms, View, ViewColumn
from klover.door.plain import see
from klover.policy.model import Audience, Rows
from klover.policy.resolved import ColumnSight, Resolved, RowsShown, Show, TableSight

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


def compile_doors(resolved: Resolved, *, database: str, sessions: int = naming.SESSIONS) -> Doors:
    """Compile the doors of all audiences for ``database``.

    Raises PolicyError for names that clash, conditions that are none, and rows in a ring.
    """
    naming.slugs(resolved.policy.audiences)
    names = naming.view_names(resolved.tables)
    doors = tuple(
        _door(resolved, audience, names, sessions)
        for _, audience in sorted(resolved.policy.audiences.items())
    )
    return Doors(
        database=database,
        policy=resolved.policy.digest,
        policy_file=resolved.policy.file,
        doors=doors,
        keepers=_keepers(resolved, doors),
        predicates=tuple(
            Predicate(table=name, text=traced.rule.predicate or "", line=traced.rule.line)
            for name, traced in sorted(resolved.tables.items())
            if traced.rule.public_rows is Rows.PREDICATE and not traced.rule.shared
        ),
        applications=tuple(
            sorted({application.role for application in resolved.policy.applications.values()})
        ),
        settings=SETTINGS,
    )


def _door(
    resolved: Resolved, audience: Audience, names: Mapping[TableName, str], sessions: int
) -> Door:
    reads = Reads()
    schema = naming.schema(audience.name)
    views: list[View] = []
    entities: set[TableName] = set()
    for name, sight in sorted(see(resolved, audience).items()):
        shown = sight.shown()
        if not shown or sight.rows is RowsShown.NONE:
            continue
        query = _query(resolved, audience, sight, reads)
        if query is None:
            continue
        columns = tuple(ViewColumn(name=each.column, entity=each.entity) for each in shown)
        view = TableName(schema, names[name])
        views.append(
            View(name=view, table=name, columns=columns, query=query[0], conceals=query[1])
        )
        entities.update(each.entity for each in shown if each.entity is not None)
    return Door(
        audience=audience.name,
        schema=schema,
        owner=naming.owner_role(audience.name),
        role=naming.door_role(audience.name),
        sessions=naming.session_roles(audience.name, sessions),
        views=tuple(views),
        reads={table: frozenset(columns) for table, columns in sorted(reads.columns.items())},
        pseudonyms=tuple(
            Pseudonyms(
                table=naming.pseudonym_table(audience.name, entity),
                entity=entity,
                key=resolved.tables[entity].key[0],
            )
            for entity in sorted(entities)
        ),
    )


def _query(
    resolved: Resolved, audience: Audience, sight: TableSight, reads: Reads
) -> tuple[str, bool] | None:
    """Write a view's query, and tell whether it leaves rows out; None where no row can show.

    The table stands alone in an inner query, so that the policy's condition sees its columns only.
    """
    shown = sight.shown()
    where: sql.Composable = sql.SQL("")
    condition: Condition = True
    if sight.rows is not RowsShown.ALL:
        own = Reads()
        condition = not_restricted(resolved, sight.table, own)
        if condition is False:
            return None
        for table, columns in own.columns.items():
            reads.add(table, *columns)
        if condition is not True:
            where = sql.SQL(" where {}").format(condition)
    reads.add(sight.table, *(column.column for column in shown))
    joins = [_join(audience, at, column) for at, column in enumerate(shown) if column.entity]
    query = sql.SQL(
        "select {columns} from (select {taken} from {table}{where}) as r{joins}"
    ).format(
        columns=sql.SQL(", ").join(_output(at, column) for at, column in enumerate(shown)),
        taken=sql.SQL(", ").join(
            sql.Identifier(sight.table.name, column.column) for column in shown
        ),
        table=identifier(sight.table),
        where=where,
        joins=sql.SQL("").join(joins),
    )
    return query.as_string(None), condition is not True


def _output(at: int, column: ColumnSight) -> sql.Composable:
    name = sql.Identifier(column.column)
    if column.show is Show.PSEUDONYM:
        return sql.SQL("{}.pseudonym as {}").format(sql.Identifier(f"p{at}"), name)
    return sql.SQL("r.{}").format(name)


def _join(audience: Audience, at: int, column: ColumnSight) -> sql.Composable:
    """Join the pseudonyms of one column; a column that nobody selects costs nothing."""
    if column.entity is None:
        raise ValueError("a column in clear has no pseudonyms")
    return sql.SQL(" left join {table} as {alias} on {alias}.key = r.{column}").format(
        table=identifier(naming.pseudonym_table(audience.name, column.entity)),
        alias=sql.Identifier(f"p{at}"),
        column=sql.Identifier(column.column),
    )


def _keepers(resolved: Resolved, doors: tuple[Door, ...]) -> tuple[Keeper, ...]:
    kept: dict[TableName, list[Pseudonyms]] = {}
    for door in doors:
        for pseudonyms in door.pseudonyms:
            kept.setdefault(pseudonyms.entity, []).append(pseudonyms)
    return tuple(
        Keeper(
            function=naming.keeper(entity),
            entity=entity,
            tables=(entity, *resolved.tables[entity].table.partitions),
            body=_body(tables),
        )
        for entity, tables in sorted(kept.items())
    )


def _body(tables: list[Pseudonyms]) -> str:
    """Write a keeper: what came gets a pseudonym for each audience, what went loses them."""
    parts = {
        "INSERT": "insert into {table} (key, pseudonym) select a.{key}, gen_random_uuid()"
        " from added a where a.{key} is not null on conflict do nothing;",
        "DELETE": "delete from {table} p using removed r where p.key = r.{key};",
        "TRUNCATE": "delete from {table};",
    }
    lines = []
    for operation, text in parts.items():
        work = sql.SQL("\n    ").join(
            sql.SQL(text).format(table=identifier(each.table), key=sql.Identifier(each.key))
            for each in tables
        )
        lines.append(
            sql.SQL("  if tg_op = {} then\n    {}\n  end if;\n").format(
                sql.Literal(operation), work
            )
        )
    return sql.SQL("begin\n{}  return null;\nend").format(sql.SQL("").join(lines)).as_string(None)
