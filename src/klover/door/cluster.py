"""The roles of a cluster beside the doors': who they are to the policy, and who can act as whom.

A login role is the operator (who asks, and who made the cluster), an application that the policy
names, a standby's, one of Klover's own, or a stranger. What a role without login holds is held
by every login role that is a member of it, however far, whatever the membership's options.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from klover.door import naming
from klover.door.asking import ask
from klover.door.mend import quoted, run
from klover.door.proof import Fact, absent, allowed, violation
from klover.errors import StoreError
from klover.policy.model import Application
from klover.store.connect import Connection

Mend = Callable[[str], str]
"""What takes it from the role that has it, in a sentence; empty where only leaving that does."""
_POWERS = ("superuser", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRole:
    """A role, and which of the powers it has that only superusers give."""

    name: str
    login: bool
    first: bool
    """Whether it made the cluster, and so cannot be dropped."""
    powers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """All roles, and for each the roles that it is a member of, however far."""

    roles: Mapping[str, ClusterRole]
    groups: Mapping[str, frozenset[str]]
    direct: Mapping[str, frozenset[str]]
    """For each the roles that it is a member of by a grant of its own."""
    operator: str
    applications: Mapping[str, Application]
    """By the name of their role."""
    replicas: frozenset[str]
    """Roles by which standbys and backups follow this server."""

    @property
    def ours(self) -> list[str]:
        """Klover's own roles: the rest of the proof judges them."""
        return [name for name in self.roles if _ours(name)]

    def users(self, role: str) -> tuple[str, ...]:
        """Tell who logs in and can act as ``role``, superusers left out: they can act as all."""
        return tuple(
            name
            for name, each in sorted(self.roles.items())
            if each.login
            and (name == role or role in self.groups.get(name, ()))
            and ("superuser" not in each.powers or name == role)
            and not name.startswith(naming.SESSION_PREFIX)
        )

    def is_operator(self, role: str) -> bool:
        """Tell whether a role is the one that asks, or the one that made the cluster."""
        return role == self.operator or self.roles[role].first

    def named(self, role: str) -> str | None:
        """Tell why a login role may be here at all; None for a stranger."""
        if self.is_operator(role):
            return "the operator, who owns the store"
        application = self.applications.get(role)
        if application is not None:
            return f"the application {application.name} of the policy (line {application.line})"
        return None

    def judge(
        self, roles: Iterable[str], what: str, why: str, mend: Mend, *, applications: bool
    ) -> Iterator[Fact]:
        """Judge whoever can act as one of ``roles`` and so has ``what``.

        ``applications`` says whether an application that the policy names may have it.
        """
        through: dict[str, str] = {}
        for role in roles:
            through |= {user: role for user in self.users(role) if user not in through}
            through |= {user: role for user in self.users(role) if user == role}
        for user, role in sorted(through.items()):
            told = self.mending(user, role, mend)
            yield self.verdict(user, what, why, told, applications=applications)
        if not through:
            yield absent("nobody", what, f"{why}; nobody who logs in has it")

    def verdict(self, user: str, what: str, why: str, mend: str, *, applications: bool) -> Fact:
        """Judge one login role."""
        named = self.named(user)
        if named is None:
            its_own = " Or name it under `applications:` in the policy, if it is one."
            why = f"{why}, and the policy names no such application"
            return violation(user, what, why, mend + (its_own if applications else ""))
        if not applications and not self.is_operator(user):
            return violation(user, what, f"{why}, which is more than an application may", mend)
        return allowed(user, what, f"{why}: {named}")

    def mending(self, user: str, role: str, mend: Mend) -> str:
        """Say what takes from ``user`` what it has as ``role``: of its own, or as a member."""
        if user == role:
            return mend(role)
        near = (
            group
            for group in sorted(self.direct.get(user, ()))
            if group == role or role in self.groups.get(group, ())
        )
        group = next(near, role)
        leave = run(f"REVOKE {quoted(group)} FROM {quoted(user)}", f"Take it out of {group}")
        other = "" if self.roles[role].login else mend(role)
        return f"{leave} Or {other[0].lower()}{other[1:]}" if other else leave


def read_cluster(
    connection: Connection, applications: Iterable[Application], replicas: Collection[str]
) -> Cluster:
    """Read the cluster's roles; ``replicas`` are those that may replicate."""
    rows = ask(connection, "cluster.sql", "cluster_roles")
    members = ask(connection, "cluster.sql", "cluster_members")
    if rows is None or members is None:
        raise StoreError("The server does not tell its roles, so nothing can be proved of them.")
    roles = {
        row[0]: ClusterRole(
            name=row[0],
            login=row[1],
            first=row[2],
            powers=frozenset(power for power, has in zip(_POWERS, row[3:], strict=True) if has),
        )
        for row in rows
    }
    edges: dict[str, set[str]] = {}
    for member, group in members:
        edges.setdefault(member, set()).add(group)
    user = connection.execute("select current_user").fetchone()
    return Cluster(
        roles=roles,
        groups={name: _closure(name, edges) for name in roles},
        direct={name: frozenset(groups) for name, groups in edges.items()},
        operator=user[0] if user else "",
        applications={each.role: each for each in applications},
        replicas=frozenset(replicas),
    )


def _closure(role: str, edges: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    ahead = [role]
    while ahead:
        for group in edges.get(ahead.pop(), ()):
            if group not in found:
                found.add(group)
                ahead.append(group)
    return frozenset(found)


def _ours(name: str) -> bool:
    return name.startswith(naming.ROLE_PREFIXES) or name == naming.GROUP
