"""What a door's roles reach beside their views: everything Postgres can grant, asked of Postgres.

Each question is put to the server's own judgement (``has_…_privilege``), for every session role,
door role and owner there is, so that PUBLIC, memberships, ownership and defaults are all in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from klover.catalog import TableName
from klover.door import mend, naming
from klover.door.danger import SEALED, is_dangerous, tells_on_others
from klover.door.doors import Door
from klover.door.proof import Fact, Way, absent, allowed, along, unknown, violation
from klover.door.prove.entry import prove_entry
from klover.door.prove.views import rows_of
from klover.door.state import read_function
from klover.store.connect import Connection
from klover.store.sql import statements

_REQUIRED = (
    "default_transaction_read_only=on",
    # Its own messages hold values, and the server's log is no place for them.
    "log_min_error_statement=panic",
    "log_min_messages=fatal",
)
_BOUNDED = (
    "idle_in_transaction_session_timeout",
    "lock_timeout",
    "statement_timeout",
    "temp_file_limit",
)
"""Limits of a session; what they are is for those who run it, that they are is for the proof."""
_NO_LIMIT = frozenset({"", "0", "-1"})
_STARTS_WITH = frozenset({*_BOUNDED, *(each.partition("=")[0] for each in _REQUIRED)})


def prove_reach(
    connection: Connection,
    doors: Sequence[Door],
    *,
    on_standby: bool,
) -> Iterator[Fact]:
    """Tell what Klover's roles reach, and hold it against what each door's owner may read."""
    roles = rows_of(connection, "roles")
    sessions = _sessions(roles, doors)
    yield from along(Way.SESSIONS, _reach(connection, roles, doors, sessions))
    yield from prove_entry(
        connection, sessions, {door.role for door in doors}, on_standby=on_standby
    )


def _sessions(roles: list[tuple[Any, ...]], doors: Sequence[Door]) -> dict[str, Door]:
    sessions: dict[str, Door] = {}
    for name, *_ in roles:
        door = _door_of(name, doors)
        if name.startswith(naming.SESSION_PREFIX) and door is not None:
            sessions[name] = door
    return sessions


def _reach(
    connection: Connection,
    roles: list[tuple[Any, ...]],
    doors: Sequence[Door],
    sessions: Mapping[str, Door],
) -> Iterator[Fact]:
    known = {role: door for door in doors for role in (door.role, door.owner)}
    readers = {**sessions, **{door.role: door for door in doors}}
    owners = {door.owner: door for door in doors}
    yield from _attributes(roles, known, sessions)
    yield from _passwords(connection)
    yield from _once(_relations(connection, readers, owners), sessions)
    yield from _owner_columns(connection, owners)
    yield from _system(connection, [*readers, *owners])
    yield from _functions(connection, [*readers, *owners])
    yield from _memberships(connection, sessions, known)
    yield from _settings(connection, sessions)
    yield from _once(_places(connection, readers, owners), sessions)
    yield from _once(_others(connection, [*readers, *owners]), sessions)


def _once(facts: Iterator[Fact], sessions: Mapping[str, Door]) -> Iterator[Fact]:
    """Tell what a whole door reaches once, not again for each of its sessions."""
    found = list(facts)
    told = {(fact.who, fact.what, fact.why) for fact in found}
    for fact in found:
        door = sessions.get(fact.who)
        if door is None or (door.role, fact.what, fact.why) not in told:
            yield fact


def _door_of(role: str, doors: Sequence[Door]) -> Door | None:
    slug = role.removeprefix(naming.SESSION_PREFIX).rpartition("_")[0]
    return next((door for door in doors if naming.slug(door.audience) == slug), None)


def _attributes(
    roles: list[tuple[Any, ...]],
    known: Mapping[str, Door],
    sessions: Mapping[str, Door],
) -> Iterator[Fact]:
    for name, login, limit, powers in roles:
        who = str(name)
        if powers:
            yield violation(who, "role", "has powers that no door has", mend.APPLY)
        if who in sessions:
            if limit != 1 or not login:
                yield violation(who, "role", "a session role logs in once at a time", mend.APPLY)
        elif who not in known:
            if login:
                why = "logs in, and belongs to no door of this policy"
                told = mend.run(f"ALTER ROLE {mend.quoted(who)} NOLOGIN", "Rename it, or shut it")
                yield violation(who, "role", why, told)
        elif login:
            yield violation(who, "role", "only session roles log in", mend.APPLY)


def _passwords(connection: Connection) -> Iterator[Fact]:
    try:
        with connection.transaction():
            passwords = rows_of(connection, "passwords")
    except psycopg.errors.InsufficientPrivilege:
        why = "only a superuser sees whether a role has one"
        yield unknown("sessions", "passwords", why)
        return
    for (name,) in passwords:
        yield violation(str(name), "role", "has a password, which it could change", mend.APPLY)
    if not passwords:
        yield absent("sessions", "passwords", "no role of a door has one")


def _relations(
    connection: Connection, readers: Mapping[str, Door], owners: Mapping[str, Door]
) -> Iterator[Fact]:
    names = [*readers, *owners]
    for role, schema, name, kind, reads, writes, owns in rows_of(connection, "relations", names):
        table = TableName(schema, name)
        what = str(table)
        back = mend.owned(f"TABLE {mend.relation(table)}", connection.info.user)
        told = f"`klover doors apply` takes it out of other roles; if it is the owner, `{back}`."
        if role in owners:
            if writes and not owns:
                yield violation(role, what, "may write", mend.APPLY)
            elif owns and schema != owners[role].schema:
                yield violation(role, what, "owns what is not of its door", told)
        elif owns:
            yield violation(role, what, "owns it", told)
        elif writes or kind == "S":
            yield violation(role, what, "may write", mend.APPLY)
        elif schema != readers[role].schema and reads:
            yield violation(role, what, "may read what is not of its door", mend.APPLY)


def _owner_columns(connection: Connection, owners: Mapping[str, Door]) -> Iterator[Fact]:
    for role, schema, name, column in rows_of(connection, "columns", list(owners)):
        door, table = owners[role], TableName(schema, name)
        if schema == door.schema:
            continue
        if column not in door.reads.get(table, set()):
            yield violation(role, f"{table}.{column}", "more than its views need", mend.APPLY)


def _system(connection: Connection, roles: list[str]) -> Iterator[Fact]:
    closed = [
        name
        for (name,) in rows_of(connection, "told")
        if name in SEALED or tells_on_others(str(name))
    ]
    found = rows_of(connection, "system", roles, closed)
    for role, schema, name, writes in found:
        why = "may write" if writes else "tells what others do, or values of columns"
        told = mend.by_name(f"TABLE {mend.quoted(schema, name)}", role)
        yield violation(role, f"{schema}.{name}", why, told)
    if not found:
        yield allowed("sessions", "pg_catalog", f"{len(closed)} relations are closed")


def _functions(connection: Connection, roles: list[str]) -> Iterator[Fact]:
    found: dict[str, set[str]] = {}
    for row in rows_of(connection, "functions", roles):
        function = read_function(row)
        if is_dangerous(function):
            found.setdefault(function.signature, set()).add(str(row[6]))
    for signature, who in sorted(found.items()):
        first, more = min(who), len(who) - 1
        others = f" and {more} more roles" if more else ""
        told = mend.by_name(f"ROUTINE {signature}", first)
        yield violation(first + others, f"function {signature}", "may execute it", told)
    if not found:
        yield allowed("sessions", "functions", "only those that compute from their arguments")


def _memberships(
    connection: Connection, sessions: Mapping[str, Door], known: Mapping[str, Door]
) -> Iterator[Fact]:
    for group, member, more in rows_of(connection, "memberships"):
        door = sessions.get(member)
        right = door is not None and group in {door.role, naming.GROUP} and not more
        ours = member in sessions or member in known or group in known or member == naming.GROUP
        if ours and not right:
            yield violation(member, f"role {group}", "is a member of it", _out_of(group, member))
        is_ours = member == naming.WATCH or member.startswith(naming.SESSION_PREFIX)
        stranger = group == naming.GROUP and not is_ours
        if group in {*sessions, naming.WATCH, naming.KEEPER} or stranger:
            why = "is a member of a session's role"
            yield violation(member, f"role {group}", why, _out_of(group, member))


def _out_of(group: str, member: str) -> str:
    """Say what takes a member out; apply gives a session back what it has to be in."""
    revoke = f"REVOKE {mend.quoted(group)} FROM {mend.quoted(member)}"
    return f"{mend.run(revoke, 'Take it out')} Then `klover doors apply`."


def _settings(connection: Connection, sessions: Mapping[str, Door]) -> Iterator[Fact]:
    found: dict[str, dict[str, str]] = {name: {} for name in sessions}
    for role, setting, _ in rows_of(connection, "settings", list(sessions)):
        # Those of this database come last, and hold.
        found[role][setting.partition("=")[0]] = setting.partition("=")[2].replace('"', "")
    for role, values in sorted(found.items()):
        for needed in (*_REQUIRED, f"search_path={sessions[role].schema}"):
            if values.get(needed.partition("=")[0]) != needed.partition("=")[2]:
                yield violation(role, "settings", f"does not start with {needed}", mend.APPLY)
        for name in _BOUNDED:
            if values.get(name, "") in _NO_LIMIT:
                yield violation(role, "settings", f"{name} sets no limit", mend.APPLY)
        for name in sorted(set(values) - _STARTS_WITH - {"search_path"}):
            why = f"starts with {name}, which no door has"
            yield violation(role, "settings", why, mend.APPLY)


def _places(
    connection: Connection, readers: Mapping[str, Door], owners: Mapping[str, Door]
) -> Iterator[Fact]:
    names = [*readers, *owners]
    for role, database, privilege in rows_of(connection, "databases", names):
        told = mend.by_name(f"DATABASE {mend.quoted(database)}", role, privilege.upper())
        yield violation(role, f"database {database}", f"may {privilege}", told)
    for role, schema, create in rows_of(connection, "schemas", names):
        if create:
            told = mend.by_name(f"SCHEMA {mend.quoted(schema)}", role, "CREATE")
            yield violation(role, f"schema {schema}", "may create", told)
        elif role in readers and schema != readers[role].schema and _ours(schema):
            yield violation(role, f"schema {schema}", "may look into it", mend.APPLY)


def _ours(schema: str) -> bool:
    return schema.startswith(naming.SCHEMA_PREFIX) or schema in {"klover", naming.PSEUDONYMS}


def _others(connection: Connection, roles: list[str]) -> Iterator[Fact]:
    for who, what in _named(connection, roles):
        yield violation(who, what, "may use it", _closed(what, who))
    for owner, schema, kind, grantee, privilege in rows_of(connection, "defaults", roles):
        where = f" in {schema}" if schema else ""
        told = mend.defaults(owner, schema, kind, grantee)
        what, why = f"default privileges of {owner}{where}", f"{privilege} on new {kind}"
        yield violation(grantee, what, why, told)


def _closed(what: str, role: str) -> str:
    """Say what closes an object to doors, whose roles may have it as everybody has."""
    if what.startswith("every "):
        return mend.setting("lo_compat_privileges", "off")
    return f"{mend.of_kind(what, 'public', role)} Give it to applications by their names."


def _named(connection: Connection, roles: list[str]) -> list[tuple[str, str]]:
    query = statements("klover.door.prove", "prove.sql")["others"]
    return [(str(a), str(b)) for a, b in connection.execute(query, {"roles": roles})]
