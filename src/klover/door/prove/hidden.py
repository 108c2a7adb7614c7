"""What stands where a proof of tables and grants does not look, and what is given in odd ways.

Among Postgres' own relations and functions nothing may have been added or changed: everybody may
use those, and every other question passes them over. A privilege may be on the columns that every
table has, on where long values lie, or one to hand on; a relation may show the keys of
pseudonyms; a door's schema may hold more than views; a session may have left something behind.
https://www.postgresql.org/docs/18/ddl-priv.html
"""

from collections.abc import Callable, Iterator
from functools import partial

from psycopg import sql

from klover.door import mend, naming
from klover.door.asking import Rows, ask, judged
from klover.door.cluster import Cluster
from klover.door.powers import LEAKPROOF
from klover.door.proof import Fact, Way, absent, along, violation
from klover.store.connect import Connection

_FILE = "hidden.sql"
_KEYS = {"keys": str(naming.KEYS)}
_GROUP = {"group": naming.GROUP}


def prove_hidden(
    connection: Connection, cluster: Cluster, *, on_standby: bool = True
) -> Iterator[Fact]:
    """Tell what is hidden among Postgres' own, given in odd ways, or left behind.

    ``on_standby`` is False where doors open on a primary.
    """
    for name, what, judge in (
        ("added_relations", "relations among Postgres' own", _added),
        ("rewritten", "views of Postgres' own", _rewritten),
        ("definers_of_postgres", "Postgres' own functions with their owner's rights", _definers),
        ("quiet", "Postgres' own functions as they are delivered", _quiet),
        ("leakproof", "functions that pass a barrier", _leakproof),
    ):
        yield from along(Way.CODE, judged(ask(connection, _FILE, name), what, judge))
    for name, what, why, less, parameters in (
        ("toasts", "where long values lie", "may read it past the table's grants", _toast, None),
        ("system_columns", "columns that every table has", "may read it, and count rows", _column,
         None),
        ("maintain", "the maintenance of tables", "may lock it, and change its estimates",
         _maintained, None),
        ("handed_on", "privileges to hand on", "may give to others what it has of it", _for_itself,
         None),
        ("group_reach", "the group of all sessions", "holds some of it; it is a name only", _whole,
         _GROUP),
    ):  # fmt: skip
        judging = partial(_given, cluster, what, why, less)
        yield from along(Way.ROLES, judged(ask(connection, _FILE, name, parameters), what, judging))
    for name, what, judge, keys in (
        ("door_objects", "doors' schemas beside relations", _beside, None),
        ("own_things", "things of sessions", _own_things, None),
        ("prepared", "prepared transactions of sessions", _prepared, None),
        ("key_readers", "relations that show keys", _key_readers, _KEYS),
    ):
        yield from along(Way.SESSIONS, judged(ask(connection, _FILE, name, keys), what, judge))
    if not on_standby:
        rows = ask(connection, _FILE, "may_prepare")
        yield from along(Way.SESSIONS, judged(rows, "transactions without a session", _outliving))


def _told(
    rows: Rows, tell: Callable[..., Fact], what: str, why: str, who: str = "nobody"
) -> Iterator[Fact]:
    """Tell each row, or that there is none."""
    for row in rows:
        yield tell(*map(str, row))
    if not rows:
        yield absent(who, what, why)


def _added(rows: Rows) -> Iterator[Fact]:
    def tell(schema: str, name: str, owner: str) -> Fact:
        why = "stands among Postgres' own, where no other question looks"
        told = "Drop it; allow_system_table_mods has to be on for that among the catalogs."
        return violation(owner, f"{schema}.{name}", why, told)

    return _told(rows, tell, "relations among Postgres' own", "nobody added any")


def _rewritten(rows: Rows) -> Iterator[Fact]:
    def tell(schema: str, name: str, other: str) -> Fact:
        why = f"was rewritten, and asks for {other}"
        told = "Make it anew as a new cluster of the same version has it (pg_get_viewdef tells)."
        return violation("everybody", f"{schema}.{name}", why, told)

    return _told(rows, tell, "views of Postgres' own", "they ask for catalogs only")


def _definers(rows: Rows) -> Iterator[Fact]:
    def tell(signature: str) -> Fact:
        why = "is Postgres' own, and was made to run with a superuser's rights"
        return violation("everybody", f"function {signature}", why, mend.not_as_owner(signature))

    what = "Postgres' own functions with their owner's rights"
    return _told(rows, tell, what, "none is delivered so, and none is")


def _quiet(rows: Rows) -> Iterator[Fact]:
    def tell(signature: str) -> Fact:
        why = "is Postgres' own, and was changed: it acts, and passes for what only computes"
        told = "Make it anew as a new cluster of the same version has it (its row of pg_proc)."
        return violation("everybody", f"function {signature}", why, told)

    what = "Postgres' own functions as they are delivered"
    return _told(rows, tell, what, "what acts says so, and nothing stands under another name")


def _leakproof(rows: Rows) -> Iterator[Fact]:
    added = [row for row in rows if row[1] or row[0] not in LEAKPROOF]

    def tell(signature: str, _made: str) -> Fact:
        why = "is marked leakproof, and so looks at rows before a barrier hides them"
        told = mend.run(f"ALTER FUNCTION {signature} NOT LEAKPROOF")
        return violation("everybody", f"function {signature}", why, told)

    what = "functions that pass a barrier"
    return _told(added, tell, what, "none but those that compare, hash and convert")


def _given(
    cluster: Cluster, what: str, why: str, less: Callable[[str, str], str], rows: Rows
) -> Iterator[Fact]:
    """Judge grants: nobody of Klover's has them, an application only what its tables are."""
    for given, role in rows:
        if role == "public" or role.startswith(naming.ROLE_PREFIXES) or role == naming.GROUP:
            yield violation(role, given, why, less(given, role))
        else:
            yield from cluster.judge([role], given, why, partial(less, given), applications=True)
    if not rows:
        yield absent("nobody", what, "none were given away")


def _toast(given: str, role: str) -> str:
    return mend.of_kind(given.partition(" ")[0], role)


def _column(given: str, role: str) -> str:
    table, _, column = given.rpartition(".")
    return mend.of_kind(table, role, what=f"ALL ({column})")


def _maintained(given: str, role: str) -> str:
    return mend.of_kind(given, role, what="MAINTAIN")


def _for_itself(given: str, role: str) -> str:
    statement = mend.revoke(f"TABLE {given}", role, what="GRANT OPTION FOR ALL")
    return mend.run(f"{statement} CASCADE")


def _whole(given: str, role: str) -> str:
    owned = " Where it owns it, give it to the application's owner."
    return mend.of_kind(given, role) + owned


def _beside(rows: Rows) -> Iterator[Fact]:
    def tell(schema: str, what: str) -> Fact:
        why = "stands in a door's schema, which holds views only"
        told = "Drop it, or make it in a schema of the application."
        return violation(schema, what, why, told)

    return _told(rows, tell, "doors' schemas beside relations", "there is nothing else")


def _own_things(rows: Rows) -> Iterator[Fact]:
    def tell(role: str, what: str) -> Fact:
        why = "belongs to a session's role, which owns nothing"
        told = (
            "`klover doors apply` takes default privileges away; anything else look at first:"
            f" `DROP OWNED BY {mend.quoted(role)}`, and then apply."
        )
        return violation(role, what, why, told)

    return _told(rows, tell, "things of sessions", "they own nothing", "sessions")


def _prepared(rows: Rows) -> Iterator[Fact]:
    def tell(gid: str, owner: str) -> Fact:
        why = "holds its locks and its snapshot without a session, until somebody ends it"
        told = mend.run(f"ROLLBACK PREPARED {sql.Literal(gid).as_string(None)}", "End it")
        return violation(owner, "a prepared transaction", why, told)

    what = "prepared transactions of sessions"
    return _told(rows, tell, what, "there are none", "sessions")


def _outliving(rows: Rows) -> Iterator[Fact]:
    def tell(setting: str, most: str) -> Fact:
        why = "a session may leave a transaction behind, with its locks; 0 is what doors need here"
        told = mend.setting("max_prepared_transactions", "0", restart=True)
        return violation("sessions", f"{setting} {most}", why, told)

    what = "transactions without a session"
    return _told(rows, tell, what, "none can be prepared", "sessions")


def _key_readers(rows: Rows) -> Iterator[Fact]:
    def tell(relation: str, why: str) -> Fact:
        told = "Drop it: nobody but the functions that compute pseudonyms may read the keys."
        return violation("pseudonyms", relation, f"hangs on the keys of pseudonyms and {why}", told)

    return _told(rows, tell, "relations that show keys", "there are none")
