"""Who beside the doors reaches protected tables, and who holds the powers of Postgres.

Each login role of the cluster is asked for, not only Klover's: by grant, ownership, PUBLIC and
membership however far. The operator and the applications that the policy names are allowed, and
listed; whoever else reaches a protected table is a violation.
"""

from collections.abc import Iterator
from functools import partial

from klover.catalog import TableName
from klover.door import mend, naming
from klover.door.asking import Rows, ask, judged
from klover.door.cluster import Cluster
from klover.door.powers import PREDEFINED, Power
from klover.door.proof import Fact, Way, absent, allowed, along, unknown, violation
from klover.policy.model import DataClass
from klover.policy.resolved import Resolved
from klover.store.connect import Connection

_FILE = "cluster.sql"
Holders = dict[tuple[str, str], set[TableName]]
"""What a role does (reads, writes, owns) to which relations."""
_NAMED = 3
"""Relations told by name; the rest is counted."""


def prove_cluster(connection: Connection, resolved: Resolved, cluster: Cluster) -> Iterator[Fact]:
    """Tell what every role that is not a door's reaches, and by what power."""
    yield from along(Way.ROLES, _relations(connection, resolved, cluster))
    yield from along(Way.ROLES, _database(connection, cluster))
    yield from along(Way.ROLES, _schemas(connection, cluster))
    yield from along(Way.ROLES, _defaults(connection, cluster))
    yield from along(Way.POWERS, _powers(cluster))
    yield from along(Way.POWERS, _predefined(cluster))
    yield from along(Way.POWERS, _given(connection, cluster))


def _relations(connection: Connection, resolved: Resolved, cluster: Cluster) -> Iterator[Fact]:
    rows = ask(connection, _FILE, "cluster_relations", {"ours": cluster.ours})
    open_to_all = {
        name
        for name, traced in resolved.tables.items()
        if traced.rule.shared
        and all(column.data_class is DataClass.PUBLIC for column in traced.columns.values())
    }

    def judge(found: Rows) -> Iterator[Fact]:
        holders: Holders = {}
        for role, schema, name, reads, writes, owns in found:
            table = TableName(schema, name)
            told = (writes or owns) if schema == "klover" else table not in open_to_all
            if told:
                verb = "owns" if owns else "reads" if reads and schema != "klover" else "writes"
                holders.setdefault((role, verb), set()).add(table)
        yield from _holders(cluster, holders)
        reaching = {user for role, _ in holders for user in cluster.users(role)}
        yield from _idle(cluster, reaching)

    yield from judged(rows, "protected tables", judge)


def _holders(cluster: Cluster, holders: Holders) -> Iterator[Fact]:
    """Tell each login role's reach once: by itself, then what other roles add to it."""
    told: Holders = {}
    by_itself = sorted(holders, key=lambda each: (not cluster.roles[each[0]].login, each))
    for role, verb in by_itself:
        users = cluster.users(role)
        for user in users:
            before = told.setdefault((user, verb), set())
            new = holders[role, verb] - before
            before |= new
            yield from _holder(cluster, user, role, verb, new, holders)
        if not users:
            what = _listed(holders[role, verb])
            yield absent(role, what, f"{verb} it; nobody who logs in can be this role")


def _holder(
    cluster: Cluster, user: str, role: str, verb: str, tables: set[TableName], holders: Holders
) -> Iterator[Fact]:
    why = f"{verb} it" if user == role else f"{verb} it as the role {role}"
    hidden = {
        table
        for table in tables
        if table.schema in {naming.PSEUDONYMS, "klover"}
        or table.schema.startswith(naming.SCHEMA_PREFIX)
    }
    for part, applications in ((hidden, False), (tables - hidden, True)):
        if part:
            groups = (
                g for g in sorted(cluster.groups[user]) if part <= holders.get((g, verb), set())
            )
            by = next(groups, role)  # what a role inherits, Postgres tells as its own
            told = cluster.mending(user, by, partial(_without, cluster, verb, part))
            yield cluster.verdict(user, _listed(part), why, told, applications=applications)


def _without(cluster: Cluster, verb: str, tables: set[TableName], role: str) -> str:
    """Say what takes tables from a role: each by its name, or all of their schemas."""
    names = sorted(tables)
    if verb == "owns":
        statement = "; ".join(
            mend.owned(f"TABLE {mend.relation(table)}", cluster.operator)
            for table in names[:_NAMED]
        )
        more = " The others likewise." if len(names) > _NAMED else ""
        return mend.run(statement, "Give it back") + more
    on = f"TABLE {', '.join(map(mend.relation, names))}"
    if len(names) > _NAMED:
        schemas = sorted({table.schema for table in tables})
        on = f"ALL TABLES IN SCHEMA {', '.join(map(mend.quoted, schemas))}"
    return mend.by_name(on, role)


def _listed(tables: set[TableName]) -> str:
    names = sorted(map(str, tables))
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more relations" if more > 0 else "")


def _idle(cluster: Cluster, reaching: set[str]) -> Iterator[Fact]:
    for name, role in sorted(cluster.roles.items()):
        quiet = role.login and not role.powers and name not in reaching
        if quiet and not name.startswith(naming.ROLE_PREFIXES):
            yield absent(name, "protected tables", "logs in, and reaches none")


def _database(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    rows = ask(connection, _FILE, "cluster_database")
    on = f"DATABASE {mend.quoted(connection.info.dbname)}"

    def judge(found: Rows) -> Iterator[Fact]:
        ((owner, template),) = found
        if "superuser" in cluster.roles[owner].powers:
            yield allowed(owner, "this database", "owns it: the operator")
        else:
            why = "owns it, and may publish what it owns"
            back = mend.run(mend.owned(on, cluster.operator), "Give it back")
            yield from cluster.judge(
                [owner], "this database", why, mend.same(back), applications=True
            )
        if template:
            why = "is a template: whoever may create databases can copy it whole"
            told = mend.run(f"ALTER {on} IS_TEMPLATE false", "Let it be none")
            yield violation("CREATEDB", "this database", why, told)

    yield from judged(rows, "this database", judge)
    others = [name for (name,) in ask(connection, _FILE, "cluster_databases") or []]
    if others:
        why = "others of the cluster; what stands in them is not read from here"
        yield unknown("server", f"databases {', '.join(others)}", why)


def _schemas(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    rows = ask(connection, _FILE, "cluster_schemas", {"ours": cluster.ours})

    def judge(found: Rows) -> Iterator[Fact]:
        for role, schema, owns, closed in found:
            why = "owns it" if owns else "may create in it what others come to run"
            on = f"SCHEMA {mend.quoted(schema)}"
            told = (
                mend.run(mend.owned(on, cluster.operator), "Give it back")
                if owns
                else mend.by_name(on, role, "CREATE")
            )
            yield from cluster.judge(
                [role], f"schema {schema}", why, mend.same(told), applications=not closed
            )
        if not any(closed for *_, closed in found):
            yield absent("nobody", "doors' schemas", "nobody else may create in them")

    yield from judged(rows, "doors' schemas", judge)
    creating = ask(connection, _FILE, "cluster_creates") or []
    for (role,) in creating:
        why = "may make schemas and publications in it"
        on = f"DATABASE {mend.quoted(connection.info.dbname)}"
        told = mend.run(mend.revoke(on, role, what="CREATE"))
        yield from _giving(cluster, role, "this database", why, told, applications=True)


def _defaults(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    kinds = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas",
             "L": "large objects"}  # fmt: skip
    for owner, schema, kind, grantee, privilege in ask(connection, _FILE, "cluster_defaults") or []:
        where = f" in {schema}" if schema else ""
        what = f"default privileges of {owner}{where}"
        why = f"{privilege} on new {kinds.get(kind, kind)}"
        told = mend.defaults(owner, schema, kind, grantee)
        yield from cluster.judge([grantee], what, why, mend.same(told), applications=True)


def _powers(cluster: Cluster) -> Iterator[Fact]:
    told = {
        "superuser": "reads and changes everything",
        "REPLICATION": "can take a copy of the whole cluster, and its changes",
        "BYPASSRLS": "passes row security",
        "CREATEROLE": "makes roles and members of them",
        "CREATEDB": "makes databases, and copies of those that are templates",
    }
    for power, why in told.items():
        holders = [name for name, role in sorted(cluster.roles.items()) if power in role.powers]
        strangers = [
            name for name in holders if not (power == "REPLICATION" and name in cluster.replicas)
        ]
        for name in sorted(set(holders) - set(strangers)):
            yield allowed(name, f"power {power}", f"{why}: a standby's, by the deployment's file")
        if power != "superuser":
            strangers = [n for n in strangers if "superuser" not in cluster.roles[n].powers]
        yield from cluster.judge(
            strangers, f"power {power}", why, partial(_powerless, power),
            applications=power == "CREATEDB",
        )  # fmt: skip


def _powerless(power: str, role: str) -> str:
    told = mend.run(f"ALTER ROLE {mend.quoted(role)} NO{power.upper()}")
    standby = " Or name it under `replication` in klover.toml, if a standby follows by it."
    return told + (standby if power == "REPLICATION" else "")


def _predefined(cluster: Cluster) -> Iterator[Fact]:
    for name in sorted(cluster.roles):
        if name.startswith("pg_") and name != "pg_database_owner":
            power = PREDEFINED.get(name, Power(gives="a power that nobody has judged"))
            yield from cluster.judge(
                [name], f"role {name}", power.gives, mend.same(""), applications=power.application
            )


def _given(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    """Tell what only superusers have by default, and somebody was given."""
    for name, what, why in (
        ("cluster_parameters", "parameters of a superuser", "may change it"),
        ("cluster_closed", "functions that Postgres closes", "may execute it; Postgres closes it"),
        ("cluster_catalogs", "catalogs of values", "may use it; it holds values or secrets"),
    ):

        def judge(found: Rows, what: str = what, why: str = why) -> Iterator[Fact]:
            for given, role in found:
                yield from _giving(cluster, role, given, why, mend.of_kind(given, role))
            if not found:
                yield absent("nobody", what, "none was given away")

        yield from judged(ask(connection, _FILE, name), what, judge)


def _giving(
    cluster: Cluster, role: str, what: str, why: str, told: str, *, applications: bool = False
) -> Iterator[Fact]:
    if role == "public":
        yield violation("public", what, why, told)
    else:
        yield from cluster.judge([role], what, why, mend.same(told), applications=applications)
