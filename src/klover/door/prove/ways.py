"""Ways out of a database that are no grants: code, links to other servers, files and settings.

Each kind is told whether there is anything of it or not, so that nothing is passed over in
silence: *absent*, *allowed* with who answers for it, *violation*, or *unknown* where the role that
asks may not look, or where nobody has judged what was found.
"""

from collections.abc import Iterator
from functools import partial

from psycopg import sql

from klover.door import mend, naming
from klover.door.asking import Rows, ask, judged
from klover.door.cluster import Cluster
from klover.door.powers import CARRIERS, HARMLESS_EXTENSIONS
from klover.door.proof import Fact, Way, absent, allowed, along, unknown, violation
from klover.store.connect import Connection

_FILE = "ways.sql"
_OPERATOR = "the operator"


def prove_ways(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    """Tell what code, links and objects could carry data out of the database."""

    def definers(rows: Rows) -> Iterator[Fact]:
        return _definers(rows, cluster)

    def large_objects(rows: Rows) -> Iterator[Fact]:
        return _large_objects(rows, cluster)

    for way, name, what, judge in (
        (Way.CODE, "definers", "functions with their owner's rights", definers),
        (Way.CODE, "unasked", "functions with their owner's rights that nobody calls", _unasked),
        (Way.CODE, "added", "functions among Postgres' own", _added),
        (Way.CODE, "own_functions", "Klover's own functions", _own),
        (Way.CODE, "languages", "languages not confined to the database", _languages),
        (Way.CODE, "native", "functions of libraries", _native),
        (Way.CODE, "extensions", "extensions", _extensions),
        (Way.CODE, "event_triggers", "event triggers", _event_triggers),
        (Way.LINKS, "foreign_servers", "foreign servers", _servers),
        (Way.LINKS, "wrappers", "foreign-data wrappers", _wrappers),
        (Way.LINKS, "publications", "publications", _publications),
        (Way.LINKS, "subscriptions", "subscriptions", _subscriptions),
        (Way.LINKS, "slots", "replication slots", _slots),
        (Way.HOST, "large_objects", "large objects", large_objects),
        (Way.HOST, "tablespaces", "tablespaces", _tablespaces),
    ):
        yield from along(way, judged(ask(connection, _FILE, name), what, judge))
    receivers = ask(connection, _FILE, "receivers")
    yield from along(
        Way.LINKS, judged(receivers, "readers of changes", lambda rows: _receivers(rows, cluster))
    )


def _definers(rows: Rows, cluster: Cluster) -> Iterator[Fact]:
    for signature, owner, owner_super, triggers, path, schema, callers in rows:
        what = f"function {signature}"
        if not path:
            why = "runs with its owner's rights on its caller's search path"
            alter = f"ALTER ROUTINE {signature} SET search_path = pg_catalog, pg_temp"
            told = mend.run(alter, "Give it one, with the schemas it needs before the last")
            ours = schema in {naming.PSEUDONYMS, "klover"}
            yield violation(owner, what, why, mend.APPLY if ours else told)
        elif schema in {naming.PSEUDONYMS, "klover"}:
            yield allowed(owner, what, "Klover's own; who may call it is told apart")
        elif triggers and owner_super:
            why = "a trigger's function runs with a superuser's rights"
            yield violation(owner, what, why, mend.not_as_owner(signature))
        elif "public" in callers:
            told = f"{_uncalled(signature, 'public')} Give it to applications by their names."
            yield violation("public", what, f"may call it, and it runs with {owner}'s rights", told)
        else:
            why = f"may call it, with {owner}'s rights"
            less = partial(_less, signature, owner)
            yield from cluster.judge([*callers, owner], what, why, less, applications=True)
    if not rows:
        yield absent("nobody", "functions with their owner's rights", "there are none")


def _less(signature: str, owner: str, role: str) -> str:
    return mend.not_as_owner(signature) if role == owner else _uncalled(signature, role)


def _uncalled(signature: str, role: str) -> str:
    return mend.of_kind(f"function {signature}", role)


def _unasked(rows: Rows) -> Iterator[Fact]:
    for signature, owner, what in rows:
        why = f"runs with its owner's rights for whoever has it run {what}: none is asked"
        yield violation(owner, f"function {signature}", why, mend.not_as_owner(signature))
    if not rows:
        yield absent("nobody", "functions with their owner's rights that nobody calls", "none run")


def _added(rows: Rows) -> Iterator[Fact]:
    for signature, owner in rows:
        why = "stands among Postgres' own, where everybody may call what only computes"
        told = mend.run(
            f"DROP ROUTINE {signature}", "Drop it, and make it in a schema of the application"
        )
        yield violation(owner, f"function {signature}", why, told)
    if not rows:
        yield absent("nobody", "functions among Postgres' own", "nobody added any")


def _own(rows: Rows) -> Iterator[Fact]:
    for signature, role, trigger in rows:
        what, told = f"function {signature}", _uncalled(signature, role)
        if trigger:
            why = "may make a trigger of it, on a table of its own, and have keys told"
            yield violation(role, what, why, told)
        else:
            yield violation(role, what, "may call a function of Klover's own", told)
    if not rows:
        yield absent("nobody", "Klover's own functions", "nobody but their owner may call them")


def _languages(rows: Rows) -> Iterator[Fact]:
    for (name,) in rows:
        why = "its code runs as the server's account: files, programs, the network"
        told = _drop(f"LANGUAGE {mend.quoted(name)}", "Drop it, its functions first")
        yield violation("server", f"language {name}", why, told)
    if not rows:
        yield absent("server", "languages not confined to the database", "there are none")


def _native(rows: Rows) -> Iterator[Fact]:
    for signature, internal, extension in rows:
        library = "runs a library's code that no extension brought"
        why = "is another name for a function of Postgres' own" if internal else library
        out = f"ALTER EXTENSION {mend.quoted(extension)} DROP " if extension else "DROP "
        then = f"; DROP ROUTINE {signature}" if extension else ""
        told = mend.run(f"{out}ROUTINE {signature}{then}", "Drop it")
        yield violation("server", f"function {signature}", why, told)
    if not rows:
        yield absent("server", "functions of libraries", "there are none but extensions'")


def _extensions(rows: Rows) -> Iterator[Fact]:
    for (name,) in rows:
        what = f"extension {name}"
        if name in CARRIERS:
            told = _drop(f"EXTENSION {mend.quoted(name)}", "Drop it, or use it in another cluster")
            yield violation("server", what, CARRIERS[name], told)
        elif name in HARMLESS_EXTENSIONS or name.startswith(("postgis_", "dict_")):
            yield allowed("server", what, "computes; its functions are judged one by one")
        else:
            yield unknown("server", what, "nobody has judged whether it carries data out")


def _event_triggers(rows: Rows) -> Iterator[Fact]:
    for name, event, function in rows:
        why = f"runs {function} at {event} with the rights of whoever is at work, the operator too"
        told = mend.run(f"ALTER EVENT TRIGGER {mend.quoted(name)} DISABLE", "Switch it off")
        yield violation("server", f"event trigger {name}", why, told)
    if not rows:
        yield absent("server", "event triggers", "there are none")


def _servers(rows: Rows) -> Iterator[Fact]:
    for server, wrapper, users in rows:
        who = f"for {', '.join(users)}" if users else "for nobody yet"
        why = f"rows can be sent there by {wrapper}; credentials are kept {who}"
        told = _drop(f"SERVER {mend.quoted(server)} CASCADE", "Drop it, with what uses it")
        yield violation("server", f"foreign server {server}", why, told)
    if not rows:
        yield absent("server", "foreign servers", "there are none, and no user mappings")


def _wrappers(rows: Rows) -> Iterator[Fact]:
    for (name,) in rows:
        told = _drop(f"FOREIGN DATA WRAPPER {mend.quoted(name)}")
        why = "a server is one statement away"
        yield violation("server", f"foreign-data wrapper {name}", why, told)
    if not rows:
        yield absent("server", "foreign-data wrappers", "there are none")


def _publications(rows: Rows) -> Iterator[Fact]:
    for name, extent in rows:
        why = f"publishes {extent} to whoever may replicate"
        told = _drop(f"PUBLICATION {mend.quoted(name)}")
        yield violation("server", f"publication {name}", why, told)
    if not rows:
        yield absent("server", "publications", "there are none")


def _subscriptions(rows: Rows) -> Iterator[Fact]:
    for (name,) in rows:
        why = "the server connects to another, with credentials it keeps"
        told = _drop(f"SUBSCRIPTION {mend.quoted(name)}")
        yield violation("server", f"subscription {name}", why, told)
    if not rows:
        yield absent("server", "subscriptions", "there are none")


def _slots(rows: Rows) -> Iterator[Fact]:
    for name, kind, plugin, database in rows:
        what = f"replication slot {name}"
        if kind == "logical":
            end = f"SELECT pg_drop_replication_slot({sql.Literal(name).as_string(None)})"
            why = f"changes of {database} are decoded by {plugin}"
            yield violation("server", what, why, mend.run(end, "Drop it"))
        else:
            yield allowed("server", what, "a standby's: it keeps log until that has it")
    if not rows:
        yield absent("server", "replication slots", "there are none")


def _receivers(rows: Rows, cluster: Cluster) -> Iterator[Fact]:
    for user, application in rows:
        what = f"changes, as {application}"
        if user in cluster.replicas:
            yield allowed(user, what, "reads them now: a standby's, by the deployment's file")
        else:
            why = "reads them now, and the deployment names no such standby"
            told = (
                f"End it, and take the power from it: `ALTER ROLE {mend.quoted(user)} "
                "NOREPLICATION`. Or name it under `replication` in klover.toml."
            )
            yield violation(user, what, why, told)
    if not rows:
        yield absent("nobody", "readers of changes", "nobody reads them now")


def _large_objects(rows: Rows, cluster: Cluster) -> Iterator[Fact]:
    for role, count in rows:
        what, why = f"{count} large objects", "hold data that no policy classifies"
        told = "`\\dl+` in psql lists them: revoke what was given, or `lo_unlink` them."
        if role == "public":
            yield violation("public", what, why, told)
        elif cluster.roles[role].first:
            yield allowed(role, what, f"{why}: {_OPERATOR}")
        else:
            yield from cluster.judge([role], what, why, mend.same(told), applications=True)
    if not rows:
        yield absent("nobody", "large objects", "there are none")


def _tablespaces(rows: Rows) -> Iterator[Fact]:
    for name, owner, location in rows:
        what = f"tablespace {name}"
        yield allowed(owner, what, f"files lie in {location}: the operator's folder")
    if not rows:
        yield absent("server", "tablespaces", "all files lie in the server's own folder")


def _drop(what: str, words: str = "Drop it") -> str:
    return mend.run(f"DROP {what}", words)
