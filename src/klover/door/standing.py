"""What of Klover's stands in a database, found in its catalog alone, and the steps to take it away.

No policy is asked: it may no longer fit, or be gone. What is found by name bears Klover's own
prefixes; triggers are told by the schema of the function that they call. Nothing that could hold
somebody's rows is ever dropped.
"""

from collections.abc import Iterable, Iterator

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.condition import identifier
from klover.door.foreign import expect_view
from klover.door.ledger import rows
from klover.door.step import Phase, Step, raw, write
from klover.store.connect import Connection

_KINDS = {"v": "view", "m": "materialized view"}


def door_schemas(connection: Connection) -> tuple[str, ...]:
    """List the schemas of doors that stand."""
    return tuple(name for (name,) in rows(connection, "door_schemas"))


def close(connection: Connection, schemas: Iterable[str], why: str) -> Iterator[Step]:
    """Take from every role what lets it look into the schemas, and then the views."""
    wanted = list(schemas)
    for schema, role in rows(connection, "usages", (wanted,)):
        yield write(
            Phase.REVOKE,
            why,
            "revoke all on schema {schema} from {role} cascade",
            {"schema": schema, "role": role},
        )
    for schema, name, kind in rows(connection, "in_schemas", (wanted,)):
        view = TableName(schema, name)
        expect_view(view, kind)
        yield write(
            Phase.DROP_VIEW,
            why,
            "drop {kind} {view}",
            {"kind": raw(_KINDS[kind]), "view": identifier(view)},
        )


def unhook(connection: Connection, why: str) -> Iterator[Step]:
    """Take from the application's tables what stands in the way of changing their columns.

    Triggers and constraints go; what pseudonyms were stored stays.
    """
    for query, text in (
        ("hooks", "drop trigger {name} on {table}"),
        ("checks", "alter table {table} drop constraint {name}"),
    ):
        for schema, table, name in rows(connection, query):
            yield write(
                Phase.DROP,
                why,
                text,
                {"name": name, "table": identifier(TableName(schema, table))},
            )


def pseudonyms(connection: Connection) -> Iterator[Step]:
    """Take away every pseudonym, stored or in a table, and what made them."""
    why = "pseudonyms go with the doors"
    for schema, table, name in rows(connection, "stored"):
        yield write(
            Phase.DROP,
            why,
            "alter table {table} drop column {name}",
            {"name": name, "table": identifier(TableName(schema, table))},
        )
    for _, signature in rows(connection, "own_functions"):
        yield write(Phase.DROP, why, "drop routine {routine}", {"routine": raw(signature)})
    for schema, name, _ in rows(connection, "in_schemas", ([naming.PSEUDONYMS],)):
        if TableName(schema, name) == naming.KEYS:  # anything else there is somebody's
            yield write(Phase.DROP, why, "drop table {keys}", {"keys": identifier(naming.KEYS)})


def drop_schema(schema: str, why: str) -> Step:
    """Take a schema away; Postgres refuses where anything is left in it."""
    return write(Phase.DROP, why, "drop schema {schema}", {"schema": schema})


def is_empty(connection: Connection, schema: str) -> bool:
    """Tell whether nothing stands in a schema."""
    return bool(rows(connection, "left_in", {"schema": schema})[0][0] == 0)


def forget_view(schema: str) -> Step:
    """Forget what the views of a schema were compiled from."""
    return write(
        Phase.DROP,
        "its views are gone",
        "delete from klover.door_view where schema = {schema}",
        {"schema": sql.Literal(schema)},
    )
