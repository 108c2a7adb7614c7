"""Read a live database's catalog into ``klover.catalog`` values.

Works with the rights that any role has, on any Postgres from 15 up. Klover's own tables and
columns, extensions' and temporary tables are left out; what only bears Klover's names is not. A
foreign key that only partitions declare (as some schemas do, and some forget one) counts as the
parent's unless two partitions contradict each other.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from psycopg import sql

from klover.catalog import (
    OWN_TABLES,
    Catalog,
    Column,
    ForeignKey,
    Key,
    Table,
    TableKind,
    TableName,
)
from klover.errors import SourceError
from klover.store.connect import Connection
from klover.store.locks import brief_locks
from klover.store.sql import statements

_OLDEST = 150000


def read_catalog(connection: Connection) -> Catalog:
    """Read everything there is to know about tables.

    Raises SourceError below Postgres 15, StoreError where somebody keeps a table locked.
    """
    with brief_locks(connection):
        return _read(connection)


def _read(connection: Connection) -> Catalog:
    queries = statements("klover.store", "inspect.sql")
    version = _version(connection, queries["server_version"])
    tables: dict[TableName, Table] = {}
    partitions: dict[TableName, list[TableName]] = defaultdict(list)
    columns = _columns(connection, queries["columns"])
    primary, uniques = _keys(connection, queries["keys"])
    relations = connection.execute(queries["tables"], {"own": list(OWN_TABLES)})
    for schema, name, kind, rows, root in relations:
        table = TableName(schema, name)
        if root is not None:
            partitions[TableName(*root)].append(table)
            if TableName(*root) in tables:
                parent = tables[TableName(*root)]
                total = max(parent.estimated_rows, 0) + max(rows, 0)
                tables[TableName(*root)] = replace(parent, estimated_rows=total)
            continue
        tables[table] = Table(
            name=table,
            kind=TableKind(kind),
            columns=tuple(columns[table]),
            primary_key=primary.get(table),
            uniques=tuple(uniques[table]),
            estimated_rows=max(rows, 0),
        )
    keys = _foreign_keys(connection, queries["foreign_keys"])
    above: dict[TableName, list[TableName]] = defaultdict(list)
    for row in connection.execute(queries["inherits"]):
        above[TableName(row[0], row[1])].append(TableName(row[2], row[3]))
    reads = _reads(connection, queries["reads"], tables)
    return Catalog(
        server_version=version,
        tables={
            name: replace(
                table,
                foreign_keys=tuple(keys[name]),
                partitions=tuple(sorted(partitions[name])),
                inherits=tuple(above[name]),
                reads=tuple(sorted(reads[name])),
            )
            for name, table in tables.items()
        },
    )


def _version(connection: Connection, query: sql.SQL) -> int:
    row = connection.execute(query).fetchone()
    version = int(row[0]) if row else 0
    if version < _OLDEST:
        raise SourceError(f"The server is Postgres {version // 10000}; Klover needs 15 or later.")
    return version


def _columns(connection: Connection, query: sql.SQL) -> dict[TableName, list[Column]]:
    found: dict[TableName, list[Column]] = defaultdict(list)
    for row in connection.execute(query):
        owned, used = row[13], row[14]
        found[TableName(row[0], row[1])].append(
            Column(
                name=row[2],
                ordinal=row[3],
                type=row[4],
                type_kind=row[5],
                base_type=row[6],
                element_type=row[7],
                portable_binary=row[8],
                not_null=row[9],
                default=row[10],
                generated=row[11],
                identity=row[12],
                sequence=TableName(*(used or owned)) if used or owned else None,
                enum_labels=tuple(row[15] or ()),
                deterministic=row[16],
            )
        )
    return found


def _keys(
    connection: Connection, query: sql.SQL
) -> tuple[dict[TableName, Key], dict[TableName, list[Key]]]:
    primary: dict[TableName, Key] = {}
    uniques: dict[TableName, list[Key]] = defaultdict(list)
    for schema, table, name, is_primary, columns in connection.execute(query):
        key = Key(name=name, columns=tuple(columns))
        if is_primary:
            primary[TableName(schema, table)] = key
        else:
            uniques[TableName(schema, table)].append(key)
    return primary, uniques


def _foreign_keys(connection: Connection, query: sql.SQL) -> dict[TableName, list[ForeignKey]]:
    found: dict[TableName, list[ForeignKey]] = defaultdict(list)
    of_partitions: dict[tuple[TableName, tuple[str, ...]], set[ForeignKey]] = defaultdict(set)
    for row in connection.execute(query):
        table = TableName(row[0], row[1])
        key = ForeignKey(
            name=row[2],
            columns=tuple(row[3]),
            target=TableName(row[4], row[5]),
            target_columns=tuple(row[6]),
        )
        if row[7]:
            of_partitions[TableName(*row[8]), key.columns].add(replace(key, name=""))
        else:
            found[table].append(key)
    for (parent, _), keys in of_partitions.items():
        if len(keys) == 1:
            found[parent].extend(keys)
    return found


def _reads(
    connection: Connection, query: sql.SQL, tables: Mapping[TableName, Table]
) -> dict[TableName, set[tuple[TableName, str]]]:
    """Tell the columns that each view reads; whole rows are all columns."""
    found: dict[TableName, set[tuple[TableName, str]]] = defaultdict(set)
    for schema, view, source_schema, source, column in connection.execute(query):
        table = TableName(source_schema, source)
        every = tables[table].columns if table in tables else ()
        names = [one.name for one in every] if column is None else [column]
        found[TableName(schema, view)].update((table, name) for name in names)
    return found
