"""Doors taken out of a database whole, and what PUBLIC had given back.

It asks the catalog only, no policy. What was noted when the doors closed (``door_right``) is given
back to PUBLIC where the object still stands; what the applications' role held for it goes. Roles
that another database of the cluster needs stay, and so does a role that the server's own
``pg_hba.conf`` names; both are told. Dropping single doors is an apply without their audiences.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from psycopg import sql

from klover.door import foreign, ledger, naming, standing
from klover.door.apply import PATIENCE
from klover.door.ledger import Right, rows
from klover.door.step import Phase, Step, raw, write
from klover.door.turn import Patience, Progress, in_turn, run
from klover.errors import StoreError
from klover.event import DoorsDropped, Recorder
from klover.store.connect import Connection

_WHY = "the doors are dropped"
_NOTES = (
    "door_counting",
    "door_view",
    "door_version",
    "door_suspension",
    "door_ground",
    "door_refill",
    "door_right",
)


@dataclass(slots=True, kw_only=True)
class Dropped:
    """What a drop took away, and what it left and why."""

    schemas: tuple[str, ...]
    steps: tuple[Step, ...]
    kept: tuple[str, ...] = field(default=())


def drop(
    connection: Connection,
    recorder: Recorder,
    time: str,
    *,
    progress: Progress | None = None,
    patience: Patience = PATIENCE,
) -> Dropped:
    """Take every trace of Klover's doors out of a database, and put it on record.

    Raises StoreError or RecordError; nothing has changed then.
    """

    def work() -> Dropped:
        if not rows(connection, "is_superuser")[0][0]:
            raise StoreError("Only a superuser of the enclave takes doors away.")
        foreign.alone_in_cluster(connection)
        kept: list[str] = []
        schemas = standing.door_schemas(connection)
        rights = tuple(_given_back(connection, ledger.noted_rights(connection), kept))
        steps = [*_objects(connection, schemas), *rights]
        run(connection, steps, progress)
        last = [*_roles(connection, kept), *_own_schema(connection)]
        run(connection, last)
        if not steps and not last:
            return Dropped(schemas=(), steps=(), kept=tuple(kept))
        recorder.append(
            DoorsDropped(
                time=time,
                database=connection.info.dbname,
                doors=schemas,
                statements=len(steps) + len(last),
            )
        )
        recorder.flush()
        return Dropped(schemas=schemas, steps=(*steps, *last), kept=tuple(kept))

    return in_turn(connection, work, patience=patience)


def _objects(connection: Connection, schemas: tuple[str, ...]) -> Iterator[Step]:
    yield from standing.close(connection, schemas, _WHY)
    for schema in schemas:
        yield standing.drop_schema(schema, _WHY)
    yield from standing.unhook(connection, _WHY)
    yield from standing.pseudonyms(connection)
    if rows(connection, "schema_there", (naming.PSEUDONYMS,))[0][0]:
        yield standing.drop_schema(naming.PSEUDONYMS, _WHY)
    there = {name for _, name, _ in rows(connection, "in_schemas", (["klover"],))}
    for name in _NOTES:
        if name in there:
            yield write(
                Phase.DROP, _WHY, "drop table {table}", {"table": sql.Identifier("klover", name)}
            )


def _own_schema(connection: Connection) -> Iterator[Step]:
    """Drop the schema ``klover`` unless a migration keeps its state there."""
    there = rows(connection, "schema_there", ("klover",))[0][0]
    if there and standing.is_empty(connection, "klover"):
        yield standing.drop_schema("klover", "nothing is in it any more")


def _given_back(
    connection: Connection, noted: tuple[Right, ...], kept: list[str]
) -> Iterator[Step]:
    """Give PUBLIC what it had, and take from the applications' role what it got for it."""
    now = ledger.rights(connection)
    elsewhere = bool(rows(connection, "doors_elsewhere")[0][0])
    here = sql.Identifier(connection.info.dbname).as_string(None)
    for right in noted:
        if (right in now) is right.taken:
            continue  # somebody gave it back, or took it away, before us
        if right.kind == "database" and elsewhere and right.what.strip('"') != here.strip('"'):
            kept.append(
                f"PUBLIC has no {right.privilege} on database {right.what}: the doors of another "
                "database need it so"
            )
            continue
        if not rows(connection, "object_there", {"kind": right.kind, "what": right.what})[0][0]:
            continue
        yield _grant(right)


def _grant(right: Right) -> Step:
    columns = sql.SQL("({})").format(sql.Identifier(right.part)) if right.part else sql.SQL("")
    parts = {"privilege": raw(right.privilege), "columns": columns}
    if right.kind == "routines to come":
        text = "alter default privileges {verb} {privilege} on routines {to} {whom}"
    else:
        text = "{verb} {privilege} {columns} on {kind} {what} {to} {whom}"
        parts |= {"kind": raw(right.kind), "what": raw(right.what)}
    given = {"verb": raw("grant"), "to": raw("to"), "whom": raw("public")}
    revoked = {"verb": raw("revoke"), "to": raw("from"), "whom": sql.Identifier(naming.APPLICATION)}
    return write(
        Phase.GRANT if right.taken else Phase.REVOKE,
        "PUBLIC has again what it had" if right.taken else "the applications had it for PUBLIC",
        text,
        {**parts, **(given if right.taken else revoked)},
    )


def _roles(connection: Connection, kept: list[str]) -> Iterator[Step]:
    """Drop Klover's roles but those that another database, or pg_hba.conf, needs."""
    found = rows(connection, "own_roles")
    needed = {
        name.removeprefix(naming.ROLE_PREFIX)
        for name, elsewhere, _ in found
        if elsewhere and name.startswith(naming.ROLE_PREFIX)
    }
    shared = {naming.GROUP, naming.APPLICATION, naming.KEEPER, naming.WATCH}
    for name, elsewhere, named in found:
        reason = ""
        if elsewhere or _door_of(name) in needed or (needed and name in shared):
            reason = "another database has doors"
        elif named:
            reason = "pg_hba.conf names it"
        if reason:
            kept.append(f"the role {name}: {reason}")
            if _door_of(name) or elsewhere or needed:
                yield from _let_go(connection, name)
        else:
            yield write(Phase.DROP_ROLE, _WHY, "drop owned by {name} restrict", {"name": name})
            yield write(Phase.DROP_ROLE, _WHY, "drop role {name}", {"name": name})


def _let_go(connection: Connection, name: str) -> Iterator[Step]:
    """Take from a role that stays what it has in this database."""
    database = connection.info.dbname
    parts = {"name": name, "database": database}
    if _door_of(name):
        for kind, what, column, privilege in rows(connection, "given", {"role": name}):
            columns = sql.SQL("({})").format(sql.Identifier(column)) if column else raw("")
            yield write(
                Phase.REVOKE,
                _WHY,
                "revoke {privilege} {columns} on {kind} {what} from {name}",
                {
                    **parts,
                    "privilege": raw(privilege),
                    "columns": columns,
                    "kind": raw(kind),
                    "what": raw(what),
                },
            )
    yield write(Phase.REVOKE, _WHY, "revoke all on database {database} from {name}", parts)
    yield write(Phase.REVOKE, _WHY, "alter role {name} in database {database} reset all", parts)


def _door_of(name: str) -> str:
    """Tell the part of a role's name that stands for its audience."""
    if name.startswith(naming.SESSION_PREFIX):
        return name.removeprefix(naming.SESSION_PREFIX).rpartition("_")[0]
    for prefix in (naming.OWNER_PREFIX, naming.ROLE_PREFIX):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return ""
