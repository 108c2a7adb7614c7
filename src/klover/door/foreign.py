"""What stands under Klover's names and is not these doors': it is told, and never touched.

A door's schema has a plate or lets a door's role in; a stored column has the shape of ours. What
only happens to be called so is somebody's: a change of the doors is refused until it is renamed.
So it is while another database of the cluster has doors: roles are the cluster's, and whoever is
let in to one could look into the other. ``alone_in_cluster`` sees to it that two databases do not
pass this at once.
"""

from collections.abc import Iterator

from klover.catalog import OWN_TABLES, TableName
from klover.door import naming
from klover.door.ledger import rows
from klover.errors import StoreError
from klover.store.connect import Connection

_OURS = {
    "schema": f"names that begin with {naming.SCHEMA_PREFIX} are",
    "table": "its schema is",
}


def alone_in_cluster(connection: Connection) -> None:
    """Hold, until the transaction ends, what one database of a cluster can hold at a time.

    Advisory locks are a database's own. This is a lock on a catalog that all databases share, in
    the mode that excludes only itself and a VACUUM; the catalog is one that hardly anybody writes.
    Superusers alone may take it; what else there is to do tells whoever is none.
    """
    if rows(connection, "is_superuser")[0][0]:
        connection.execute("lock table pg_catalog.pg_shseclabel in share update exclusive mode")


def expect_none(connection: Connection) -> None:
    """Raise StoreError where names that doors need are not theirs alone."""
    for problem in taken(connection):
        raise StoreError(problem)


def expect_view(name: TableName, kind: str) -> None:
    """Raise StoreError for what holds rows in a door's own schema: somebody's, no door has any.

    ``taken`` does not tell it, since the schema is a door's.
    """
    if kind not in {"v", "m"}:
        raise StoreError(
            f"{name} is a table or sequence in a schema of Klover's: schemas named "
            f"{naming.SCHEMA_PREFIX}… hold doors only. Nothing was changed; move it elsewhere."
        )


def taken(connection: Connection) -> Iterator[str]:
    """Tell, a sentence or two each, which names are somebody else's."""
    for what, name in rows(connection, "foreign", {"own": list(OWN_TABLES)}):
        ours = _OURS.get(what, f"names that begin with {naming.STORED_PREFIX} are")
        mend = "move it to another schema" if what == "table" else "give it another name"
        yield f"The {what} {name} is not Klover's, but {ours}. Nothing was changed; {mend}."
    for database, names in rows(connection, "doors_in"):
        yield (
            f"The database {database} of this cluster has doors, too: {', '.join(names)}. Roles "
            "belong to the whole cluster, so whoever is let in to one database could look into "
            "the other. Nothing was changed; take those doors away with `klover doors drop --all`"
            " there, or give each database a cluster of its own."
        )
