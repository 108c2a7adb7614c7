"""What the whole database gives up so that a door session has only its door. Pure.

PUBLIC loses what ``danger`` names, TEMP and CONNECT here, CONNECT everywhere else in the cluster,
CREATE on schemas, and the use of languages; the enclave's applications keep it through the role
``klover_application``. What a superuser alone may change is changed here too, and read back.
"""

from collections.abc import Iterator

from psycopg import sql

from klover.door import naming
from klover.door.doors import Doors
from klover.door.state import PUBLIC, State
from klover.door.step import Phase, Step, names, raw, write

_PIECE = 40
"""Functions named in one statement: a plan has to be read by people."""


def harden(doors: Doors, state: State) -> tuple[Step, ...]:
    """Tell what PUBLIC still can and must not."""
    return (
        *_databases(doors, state),
        *_functions(state),
        *_languages(state),
        *_relations(state),
        *_future(state),
    )


def _databases(doors: Doors, state: State) -> Iterator[Step]:
    wanted = {(doors.database, door.role, "CONNECT") for door in doors.doors}
    wanted |= {(doors.database, naming.APPLICATION, word) for word in ("CONNECT", "TEMPORARY")}
    wanted.add((doors.database, naming.WATCH, "CONNECT"))
    for database, grantee, privilege in sorted(state.database_grants - wanted):
        here = database == doors.database
        ours = grantee.startswith(naming.ROLE_PREFIXES) or grantee == naming.GROUP
        if not (grantee == PUBLIC and (here or privilege == "CONNECT")) and not (ours and here):
            continue
        yield write(
            Phase.REVOKE,
            "a session has this database only, and nothing temporary in it"
            if here
            else "a session has no other database",
            "revoke {privilege} on database {database} from {grantee}",
            {
                "privilege": raw(privilege),
                "database": database,
                "grantee": raw("public") if grantee == PUBLIC else sql.Identifier(grantee),
            },
        )
    for database, grantee, privilege in sorted(wanted - state.database_grants):
        yield write(
            Phase.GRANT,
            f"{grantee} works in this database",
            "grant {privilege} on database {database} to {grantee}",
            {"privilege": raw(privilege), "database": database, "grantee": grantee},
        )


def _functions(state: State) -> Iterator[Step]:
    found = sorted(state.functions)
    own = [function for function in found if function.schema == "pg_catalog"]
    others = [function for function in found if function.schema != "pg_catalog"]
    for group, why in (
        (own, "built-in functions that act on the world, execute strings or tell on others"),
        (others, "the application's functions run with rights the policy says nothing of"),
    ):
        for at in range(0, len(group), _PIECE):
            signatures = raw(", ".join(each.signature for each in group[at : at + _PIECE]))
            yield from _move(f"routine {signatures.as_string(None)}", "execute", why)


def _languages(state: State) -> Iterator[Step]:
    if state.languages:
        listed = names(state.languages).as_string(None)
        yield from _move(f"language {listed}", "usage", "sessions write no code")


def _relations(state: State) -> Iterator[Step]:
    if state.system_relations:
        listed = ", ".join(
            sql.Identifier("pg_catalog", name).as_string(None) for name in state.system_relations
        )
        yield from _move(listed, "select", "views that tell what others do, or values of columns")
    for name in state.system_writes:
        table = sql.Identifier("pg_catalog", name).as_string(None)
        privileges = "insert, update, delete, truncate"
        yield from _move(table, privileges, "an update of pg_settings is a SET by another name")


def _move(what: str, privilege: str, why: str) -> Iterator[Step]:
    """Take a privilege from PUBLIC and leave it with the applications."""
    parts = {"what": raw(what), "privilege": raw(privilege), "role": naming.APPLICATION}
    yield write(Phase.REVOKE, why, "revoke {privilege} on {what} from public", parts)
    yield write(
        Phase.GRANT, "the applications keep it", "grant {privilege} on {what} to {role}", parts
    )


def _future(state: State) -> Iterator[Step]:
    if state.future_functions:
        yield write(
            Phase.REVOKE,
            "functions made later are closed too",
            "alter default privileges revoke execute on routines from public",
        )
        yield write(
            Phase.GRANT,
            "the applications have them",
            "alter default privileges grant execute on routines to {role}",
            {"role": naming.APPLICATION},
        )
