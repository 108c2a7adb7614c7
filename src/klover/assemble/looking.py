"""Looks at a database that is named by its connection string: nothing is changed."""

from klover.catalog import Catalog
from klover.door.predicates import predicates, refused
from klover.errors import PolicyError, SourceError
from klover.policy.resolved import Resolved
from klover.policy.suggest import Draft, draft, questions
from klover.store.connect import connect
from klover.store.inspect import read_catalog
from klover.store.locks import brief_locks
from klover.store.sample import Progress, sample


def read_live_catalog(dsn: str, *, what: str) -> Catalog:
    """Read a database's catalog by its connection string."""
    with connect(dsn, what=what) as connection:
        return read_catalog(connection)


def refused_conditions(dsn: str, resolved: Resolved) -> list[PolicyError]:
    """Tell each condition of a policy that the database does not take; reads no row."""
    with connect(dsn, what="the database") as connection, brief_locks(connection):
        return list(refused(connection, predicates(resolved), resolved.policy.file, surely=False))


def suggest(dsn: str, rows: int, progress: Progress) -> tuple[Draft, int]:
    """Draft a policy for a database; tells how many looks at values were passed over too."""
    with connect(dsn, what="the database") as connection:
        catalog = read_catalog(connection)
        if not catalog.base_tables():
            raise SourceError(
                f"The database {connection.info.dbname} has no tables that this role can see; "
                "check the database's name in --dsn."
            )
        if not rows:
            return draft(catalog), 0
        found = sample(connection, catalog, questions(catalog), rows=rows, progress=progress)
    return draft(catalog, found.evidence), found.passed_over
