"""The difference between compiled doors and what stands, as ordered steps. Pure.

``plan`` of what ``apply`` made is empty. Klover's own roles, schemas and grants are made exact:
what is missing is added, what nobody compiled is taken away. The application's objects are never
touched but for what PUBLIC may do with them, and the triggers that keep pseudonyms complete.
Pseudonyms, hardening, and roles with their settings are in modules of those names.
"""

from collections.abc import Iterator
from operator import attrgetter

from psycopg import sql

from klover.catalog import TableName
from klover.door import naming
from klover.door.condition import identifier
from klover.door.doors import Door, Doors, View
from klover.door.foreign import expect_view
from klover.door.hardening import harden
from klover.door.pseudonyms import pseudonym_steps
from klover.door.roles import role_steps
from klover.door.state import PUBLIC, Grant, StandingView, State
from klover.door.step import Phase, Step, names, raw, write

_BARRIER = ("security_barrier=true",)


def plan(
    doors: Doors, state: State, prepared: frozenset[TableName] = frozenset()
) -> tuple[Step, ...]:
    """Tell, in order, what makes ``state`` what ``doors`` says. Empty where nothing is to do.

    ``prepared`` names tables whose pseudonyms will have been made ready before.
    """
    steps = [
        *_surplus_grants(doors, state),
        *harden(doors, state),
        *role_steps(doors, state),
        *_schemas(doors, state),
        *pseudonym_steps(doors, state.pseudonyms, prepared),
        *_views(doors, state),
        *_missing_grants(doors, state),
    ]
    return tuple(sorted(steps, key=attrgetter("phase")))


def wanted_grants(doors: Doors) -> frozenset[Grant]:
    """Tell every grant on a relation that Klover's roles have, and none other."""
    found: set[Grant] = set()
    for door in doors.doors:
        for table, columns in door.reads.items():
            found |= {_select(table, door.owner, column) for column in columns}
        found |= {_select(view.name, door.role) for view in door.views}
    return frozenset(found)


def wanted_schema_grants(doors: Doors) -> frozenset[tuple[str, str, str]]:
    """Tell every grant on a schema that Klover's roles have."""
    found = {(door.schema, door.role, "USAGE") for door in doors.doors if door.views}
    for door in doors.doors:
        found |= {(table.schema, door.owner, "USAGE") for table in door.reads}
    if doors.keepers:
        found.add((naming.PSEUDONYMS, naming.KEEPER, "USAGE"))
    return frozenset(found)


def _select(table: TableName, grantee: str, column: str = "") -> Grant:
    return Grant(table=table, column=column, grantee=grantee, privilege="SELECT")


def _surplus_grants(doors: Doors, state: State) -> Iterator[Step]:
    wanted = wanted_grants(doors)
    replaced = set(_replaced(doors, state))
    for grant in sorted(state.grants - wanted):
        if grant.table in replaced:
            continue  # the view goes, and its grants with it
        parts = {
            "privilege": sql.SQL(grant.privilege),
            "columns": sql.SQL("({})").format(sql.Identifier(grant.column))
            if grant.column
            else sql.SQL(""),
            "kind": sql.SQL("sequence" if grant.sequence else "table"),
            "table": identifier(grant.table),
            "grantee": _grantee(grant.grantee),
            "application": naming.APPLICATION,
        }
        yield write(
            Phase.REVOKE,
            f"{grant.grantee} has more than the policy gives",
            "revoke {privilege} {columns} on {kind} {table} from {grantee} cascade",
            parts,
        )
        if grant.grantee == PUBLIC and not _is_ours(grant.table.schema):
            yield write(
                Phase.GRANT,
                "the applications keep it",
                "grant {privilege} {columns} on {kind} {table} to {application}",
                parts,
            )
    for schema, grantee, privilege in sorted(state.schema_grants - wanted_schema_grants(doors)):
        harmless = grantee == naming.APPLICATION or (grantee == PUBLIC and privilege == "USAGE")
        if harmless and not _is_ours(schema):
            continue  # names may be seen; nothing in there is open
        yield write(
            Phase.REVOKE,
            f"{grantee} has more than the policy gives",
            "revoke {privilege} on schema {schema} from {grantee} cascade",
            {
                "privilege": sql.SQL(privilege),
                "schema": schema,
                "grantee": _grantee(grantee),
            },
        )


def _missing_grants(doors: Doors, state: State) -> Iterator[Step]:
    for schema, grantee, privilege in sorted(wanted_schema_grants(doors) - state.schema_grants):
        yield write(
            # What computes pseudonyms has to be able to before rows are filled.
            Phase.CREATE if grantee == naming.KEEPER else Phase.GRANT,
            f"{grantee} looks into {schema}",
            "grant {privilege} on schema {schema} to {grantee}",
            {"privilege": sql.SQL(privilege), "schema": schema, "grantee": grantee},
        )
    replaced = set(_replaced(doors, state))
    standing = frozenset(grant for grant in state.grants if grant.table not in replaced)
    missing = wanted_grants(doors) - standing
    for table, grantee in sorted({(grant.table, grant.grantee) for grant in missing}):
        columns = sorted(
            grant.column for grant in missing if (grant.table, grant.grantee) == (table, grantee)
        )
        yield write(
            Phase.GRANT,
            f"{grantee} reads {'columns' if columns[0] else 'all'} of {table}",
            "grant select {columns} on {table} to {grantee}",
            {
                "columns": sql.SQL("({})").format(names(columns)) if columns[0] else sql.SQL(""),
                "table": identifier(table),
                "grantee": grantee,
            },
        )


def _is_ours(schema: str) -> bool:
    return schema.startswith((naming.SCHEMA_PREFIX, "klover"))


def _grantee(name: str) -> sql.Composable:
    return sql.SQL("public") if name == PUBLIC else sql.Identifier(name)


def _schemas(doors: Doors, state: State) -> Iterator[Step]:
    wanted = {door.schema for door in doors.doors}
    stale = {name for name in state.schemas if name.startswith(naming.SCHEMA_PREFIX)} - wanted
    for schema in sorted(stale):
        yield write(
            Phase.DROP, "no audience has this door", "drop schema {schema}", {"schema": schema}
        )
    for schema in sorted((wanted | {"klover", naming.PSEUDONYMS}) - state.schemas):
        yield write(
            Phase.CREATE, "where Klover's objects stand", "create schema {schema}",
            {"schema": schema},
        )  # fmt: skip


def _replaced(doors: Doors, state: State) -> Iterator[TableName]:
    """Tell the standing relations of doors that are not what was compiled."""
    wanted = {view.name: (door, view) for door in doors.doors for view in door.views}
    for name, standing in state.views.items():
        if name not in wanted or not _same(*wanted[name], standing):
            yield name


def _options(view: View) -> tuple[str, ...]:
    return _BARRIER if view.barrier else ()


def _same(door: Door, view: View, standing: StandingView) -> bool:
    return (
        standing.kind == "v"
        and standing.owner == door.owner
        and standing.options == _options(view)
        and standing.compiled == view.digest
        and not standing.altered
    )


def _views(doors: Doors, state: State) -> Iterator[Step]:
    replaced = set(_replaced(doors, state))
    kinds = {"m": "materialized view"}
    for name in sorted(replaced):
        expect_view(name, state.views[name].kind)
        kind = sql.SQL(kinds.get(state.views[name].kind, "view"))
        yield write(
            Phase.DROP_VIEW, "it is not what the policy compiles to", "drop {kind} {view}",
            {"kind": kind, "view": identifier(name)},
        )  # fmt: skip
    wanted = {view.name for door in doors.doors for view in door.views}
    if not state.notes:
        yield _notes_table()
    for name in sorted(state.noted - wanted):
        yield write(
            Phase.DROP, "the view is gone",
            "delete from klover.door_view where schema = {schema} and name = {name}",
            {"schema": sql.Literal(name.schema), "name": sql.Literal(name.name)},
        )  # fmt: skip
    for door in doors.doors:
        for view in door.views:
            if view.name in replaced or view.name not in state.views:
                yield from _new_view(door, view)


def _notes_table() -> Step:
    return write(
        Phase.CREATE,
        "what each view was compiled from, so that drift shows",
        "create table if not exists klover.door_view (schema text, name text,"
        " compiled text not null, definition text not null, primary key (schema, name))",
    )


def _new_view(door: Door, view: View) -> Iterator[Step]:
    parts = {"view": identifier(view.name), "owner": door.owner}
    why = f"what {door.audience} sees of {view.table}"
    yield write(
        Phase.VIEW,
        why,
        "create view {view} {options} as {query}",
        {
            **parts,
            "options": raw(f"with ({', '.join(_options(view))})" if _options(view) else ""),
            "query": sql.SQL(view.query),
        },
    )
    yield write(
        Phase.VIEW,
        "its owner holds only the columns it needs",
        "alter view {view} owner to {owner}",
        parts,
    )
    yield write(
        Phase.VIEW,
        "so that drift shows",
        "insert into klover.door_view (schema, name, compiled, definition)"
        " select {schema}, {name}, {compiled},"
        " encode(sha256(convert_to(pg_get_viewdef({regclass}::regclass), 'UTF8')), 'hex')"
        " on conflict (schema, name) do update"
        " set compiled = excluded.compiled, definition = excluded.definition",
        {
            "schema": sql.Literal(view.name.schema),
            "name": sql.Literal(view.name.name),
            "compiled": sql.Literal(view.digest),
            "regclass": sql.Literal(identifier(view.name).as_string(None)),
        },
    )
