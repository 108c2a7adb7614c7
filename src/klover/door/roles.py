"""The roles of doors: an owner and a door role without login, and a pool of session roles. Pure.

A session role has no password, no power, one connection at most, and is a member of its door and
of the group that ``pg_hba.conf`` admits; nobody else is a member of anything here. Since 16 the
memberships are made so that nobody can SET ROLE through them.
"""

from collections.abc import Iterator

from psycopg import sql

from klover.door import naming
from klover.door.doors import Doors
from klover.door.state import Membership, Role, State
from klover.door.step import Phase, Step, names, raw, write

_OPTIONS = 160000
_WATCHES = 16
"""Gateways that may watch the doors of a cluster at once."""


def role_steps(doors: Doors, state: State) -> tuple[Step, ...]:
    """Tell which roles, memberships and settings to make, change or drop."""
    return (
        *_roles(doors, state),
        *_stale_roles(doors, state),
        *_memberships(doors, state),
        *_settings(doors, state),
    )


def wanted_memberships(doors: Doors, version: int, existing: frozenset[str]) -> set[Membership]:
    """Tell every membership that Klover's roles have."""
    options = version >= _OPTIONS
    found = {
        Membership(group=naming.APPLICATION, member=name)
        for name in doors.applications
        if name in existing
    }
    found.add(
        Membership(
            group=naming.GROUP, member=naming.WATCH, inherit=not options, can_set=not options
        )
    )
    for door in doors.doors:
        for session in door.sessions:
            found.add(Membership(group=door.role, member=session, can_set=not options))
            found.add(
                Membership(
                    group=naming.GROUP, member=session, inherit=not options, can_set=not options
                )
            )
    return found


def wanted_settings(doors: Doors) -> set[tuple[str, str | None, str]]:
    """Tell every setting that Klover's roles start with, as pg_db_role_setting writes it."""
    return {
        (session, doors.database, f"{name}={value}")
        for door in doors.doors
        for session in door.sessions
        for name, value in {**doors.settings, "search_path": door.schema}.items()
    }


def _wanted_roles(doors: Doors) -> dict[str, bool]:
    """Tell each role, and whether it may log in."""
    found = {naming.GROUP: False, naming.APPLICATION: False, naming.KEEPER: False}
    found[naming.WATCH] = True
    for door in doors.doors:
        found |= {door.owner: False, door.role: False}
        found |= dict.fromkeys(door.sessions, True)
    return found


def _roles(doors: Doors, state: State) -> Iterator[Step]:
    for name, login in sorted(_wanted_roles(doors).items()):
        role = state.roles.get(name)
        if role is not None and role.owns and name.startswith(naming.SESSION_PREFIX):
            why = "a session leaves nothing behind"
            yield write(Phase.REVOKE, why, "drop owned by {name} restrict", {"name": name})
        limit = _limit(name, login=login)
        if role is not None and _is_right(role, login=login, limit=limit):
            continue
        yield write(
            Phase.ROLE,
            "a session's role" if login else "a role without login",
            "{verb} role {name} with {login} inherit nosuperuser nocreatedb nocreaterole"
            " noreplication nobypassrls connection limit {limit} password null"
            + (" valid until 'infinity'" if role is not None and role.expires else ""),
            {
                "verb": raw("create" if role is None else "alter"),
                "name": name,
                "login": raw("login" if login else "nologin"),
                "limit": sql.Literal(limit),
            },
        )


def _limit(name: str, *, login: bool) -> int:
    if name == naming.WATCH:
        return _WATCHES
    return 1 if login else -1


def _is_right(role: Role, *, login: bool, limit: int) -> bool:
    # What PUBLIC could, the applications' role may have been given more of; it is no door.
    return (
        role.login == login
        and role.inherit
        and not role.powers
        and not role.password
        and (role.limit == limit or not login)
    )


def _stale_roles(doors: Doors, state: State) -> Iterator[Step]:
    """Drop sessions that a smaller pool leaves over, and all roles of doors that are gone.

    A door that another database of the cluster still has is not gone.
    """
    wanted = _wanted_roles(doors)
    slugs = {naming.slug(door.audience) for door in doors.doors} | {
        name.removeprefix(naming.ROLE_PREFIX)
        for name, role in state.roles.items()
        if name.startswith(naming.ROLE_PREFIX) and name not in wanted and not role.elsewhere
    }
    for name in sorted(set(state.roles) - set(wanted)):
        if not name.startswith(naming.ROLE_PREFIXES) or not _belongs(name, slugs):
            continue
        yield write(
            Phase.DROP_ROLE, "its door is gone", "drop owned by {name} restrict", {"name": name}
        )
        yield write(Phase.DROP_ROLE, "its door is gone", "drop role {name}", {"name": name})


def _belongs(name: str, slugs: set[str]) -> bool:
    if name.startswith(naming.SESSION_PREFIX):
        return name.removeprefix(naming.SESSION_PREFIX).rpartition("_")[0] in slugs
    prefix = naming.OWNER_PREFIX if name.startswith(naming.OWNER_PREFIX) else naming.ROLE_PREFIX
    return name.removeprefix(prefix) in slugs


def _memberships(doors: Doors, state: State) -> Iterator[Step]:
    wanted = wanted_memberships(doors, state.version, state.existing)
    ours = set(_wanted_roles(doors)) - {naming.GROUP, naming.APPLICATION}
    standing = {each for each in state.memberships if each.group in ours or each.member in ours}
    for each in sorted(standing - wanted):
        yield write(
            Phase.REVOKE,
            "no such membership was compiled",
            "revoke {role} from {member} cascade",
            {"role": each.group, "member": each.member},
        )
    for each in sorted(wanted - state.memberships):
        options = (
            f" with inherit {str(each.inherit).lower()}, set {str(each.can_set).lower()}"
            if state.version >= _OPTIONS and each.group != naming.APPLICATION
            else ""
        )
        yield write(
            Phase.GRANT,
            f"{each.member} belongs to {each.group}",
            "grant {role} to {member}" + options,
            {"role": each.group, "member": each.member},
        )


def _settings(doors: Doors, state: State) -> Iterator[Step]:
    wanted = wanted_settings(doors)
    roles = set(_wanted_roles(doors))
    for role, database, setting in sorted(
        (each for each in state.settings if each not in wanted and each[0] in roles),
        key=lambda each: (each[0], each[1] or "", each[2]),
    ):
        yield write(
            Phase.REVOKE,
            "a session starts with the compiled settings only",
            "alter role {role} {where} reset {name}",
            {
                "role": role,
                "where": sql.SQL("in database {}").format(sql.Identifier(database))
                if database
                else raw(""),
                "name": setting.partition("=")[0],
            },
        )
    for role, database, setting in sorted(
        wanted - state.settings, key=lambda each: (each[0], each[2])
    ):
        name, _, value = setting.partition("=")
        yield write(
            Phase.GRANT,
            "what a session starts with",
            "alter role {role} in database {database} set {name} = {value}",
            {
                "role": role,
                "database": database or doors.database,
                "name": name,
                "value": names([value]) if name == "search_path" else sql.Literal(value),
            },
        )
