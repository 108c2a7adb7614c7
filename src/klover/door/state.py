"""What stands in a database of all that doors consist of, read from its catalog into values.

Only reads; needs a superuser's eyes (passwords, other owners' objects). The counterpart of
``doors``: ``diff`` compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from klover.catalog import TableName
from klover.door.danger import Function, is_dangerous, tells_on_others
from klover.door.doors import Doors
from klover.door.pseudonyms.state import PseudonymState, read_pseudonyms
from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.sql import statements

PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role's attributes, as far as a door cares."""

    login: bool
    inherit: bool
    limit: int
    powers: bool
    """Superuser, CREATEROLE, CREATEDB, REPLICATION or BYPASSRLS."""
    password: bool
    expires: bool
    elsewhere: bool
    """True where another database of the cluster depends on it."""
    owns: bool
    """True where something of this database belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Membership:
    """``member`` is in ``group``; the options as GRANT has them."""

    group: str
    member: str
    admin: bool = False
    inherit: bool = True
    can_set: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Grant:
    """A privilege on a relation, or on a column of it where ``column`` is not empty."""

    table: TableName
    column: str
    grantee: str
    privilege: str
    grantable: bool = False
    sequence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingView:
    """A relation that stands in a door."""

    kind: str
    owner: str
    options: tuple[str, ...]
    compiled: str | None
    """The digest of the query it was made from; None where nobody noted one."""
    altered: bool
    """True where Postgres' words for it are not those it had when it was made, or it got rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything ``diff`` has to know about a database."""

    database: str
    version: int
    roles: Mapping[str, Role]
    existing: frozenset[str]
    """Of the roles of applications: those that exist."""
    memberships: frozenset[Membership]
    settings: frozenset[tuple[str, str | None, str]]
    schemas: frozenset[str]
    views: Mapping[TableName, StandingView]
    notes: bool
    """Whether the table of notes stands."""
    noted: frozenset[TableName]
    """The views of which a note is kept."""
    grants: frozenset[Grant]
    schema_grants: frozenset[tuple[str, str, str]]
    database_grants: frozenset[tuple[str, str, str]]
    functions: tuple[Function, ...]
    """Those that PUBLIC may execute and should not."""
    languages: tuple[str, ...]
    system_relations: tuple[str, ...]
    system_writes: tuple[str, ...]
    future_functions: bool
    """Whether functions made from now on would be open to PUBLIC."""
    pseudonyms: PseudonymState


def read_state(connection: Connection, doors: Doors) -> State:
    """Read what stands. Raises StoreError where the role is no superuser of that database."""
    queries = statements("klover.door", "state.sql")

    def rows(name: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return connection.execute(queries[name], parameters or None).fetchall()

    database, superuser, user, version, _ = rows("this")[0]
    if not superuser:
        raise StoreError(
            f"The role {user} is no superuser of the enclave; doors close functions of Postgres' "
            "own, which only a superuser may. Give its connection string as the cell's primary."
        )
    if database != doors.database:
        raise StoreError(f"The doors are for {doors.database}; this is the database {database}.")
    schemas = frozenset(name for (name,) in rows("schemas"))
    notes = _notes(connection, queries["compiled"])
    return State(
        database=database,
        version=version,
        roles={row[0]: _role(row) for row in rows("roles")},
        existing=frozenset(name for (name,) in rows("existing_roles", list(doors.applications))),
        memberships=frozenset(
            Membership(group=row[0], member=row[1], admin=row[2], inherit=row[3], can_set=row[4])
            for row in rows("memberships")
        ),
        settings=frozenset((row[0], row[1], row[2]) for row in rows("settings")),
        schemas=schemas,
        views={TableName(row[0], row[1]): _view(row, notes or {}) for row in rows("views")},
        notes=notes is not None,
        noted=frozenset(notes or {}),
        grants=frozenset(_grant(row) for row in rows("grants")),
        schema_grants=frozenset((row[0], row[1], row[2]) for row in rows("schema_grants")),
        database_grants=frozenset((row[0], row[1], row[2]) for row in rows("database_grants")),
        functions=tuple(
            function for row in rows("functions") if is_dangerous(function := read_function(row))
        ),
        languages=tuple(name for (name,) in rows("languages")),
        system_relations=tuple(
            name for (name,) in rows("system_relations") if tells_on_others(name)
        ),
        system_writes=tuple(name for (name,) in rows("system_writes")),
        future_functions=bool(rows("default_functions")[0][0]),
        pseudonyms=read_pseudonyms(connection, doors.keepers),
    )


def read_function(row: tuple[Any, ...]) -> Function:
    """Turn a row of ``functions`` into its value."""
    return Function(
        schema=row[0],
        signature=row[1],
        name=row[2],
        volatile=row[3],
        definer=row[4],
        extension=row[5],
    )


def _notes(connection: Connection, query: sql.SQL) -> Mapping[TableName, tuple[str, str]] | None:
    there = connection.execute("select to_regclass('klover.door_view') is not null").fetchone()
    if there != (True,):
        return None
    return {TableName(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}


def _role(row: tuple[Any, ...]) -> Role:
    return Role(
        login=row[1],
        inherit=row[2],
        limit=row[3],
        powers=row[4],
        password=row[5],
        expires=row[6],
        elsewhere=row[7],
        owns=row[8],
    )


def _view(row: tuple[Any, ...], notes: Mapping[TableName, tuple[str, str]]) -> StandingView:
    compiled, definition = notes.get(TableName(row[0], row[1]), (None, None))
    return StandingView(
        kind=row[2],
        owner=row[3],
        options=tuple(row[4]),
        compiled=compiled,
        altered=definition != row[5] or row[6] != 1,
    )


def _grant(row: tuple[Any, ...]) -> Grant:
    return Grant(
        table=TableName(row[0], row[1]),
        column=row[2] or "",
        grantee=row[3],
        privilege=row[4],
        grantable=row[5],
        sequence=row[6],
    )
