"""The proof: what the catalog says every role of a door reaches, held against the policy.

It reads, and works on a standby. It starts from what ``see`` decides and from its own reading of
the policy (``expect``), never from what was compiled. What it finds is a list of facts; a
violation among them means that the doors must not be open.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from klover.catalog import TableName
from klover.door import ground, ledger, mend
from klover.door.cluster import read_cluster
from klover.door.doors import Doors
from klover.door.expect import expected
from klover.door.proof import Fact, Proof, absent, violation
from klover.door.prove.cluster import prove_cluster
from klover.door.prove.hidden import prove_hidden
from klover.door.prove.never import prove_never
from klover.door.prove.pseudonyms import prove_pseudonyms
from klover.door.prove.reach import prove_reach
from klover.door.prove.settings import prove_settings
from klover.door.prove.views import Standing, away, prove_views, read_views
from klover.door.prove.ways import prove_ways
from klover.door.pseudonyms.state import read_epochs
from klover.policy.country import meet
from klover.policy.resolved import Resolved
from klover.policy.sight import see
from klover.store.access import REPLICATION
from klover.store.connect import Connection
from klover.store.locks import brief_locks

_REPLICAS = frozenset({REPLICATION})


def prove(
    connection: Connection,
    resolved: Resolved,
    on: date,
    *,
    on_standby: bool = True,
    replicas: Collection[str] = _REPLICAS,
) -> Proof:
    """Prove the doors of ``connection``'s database for a policy, its ``never`` rules for one day.

    ``on_standby`` is False where doors open on a primary that has no standby; ``replicas`` are the
    roles by which standbys and backups may follow the server.
    """
    with brief_locks(connection):
        connection.execute("set local search_path = pg_catalog")
        epochs = read_epochs(connection)
        doors = expected(resolved, database=connection.info.dbname, epochs=epochs)
        policy = resolved.policy
        cluster = read_cluster(connection, policy.applications.values(), replicas)
        facts = (
            *_facts(connection, resolved, doors, on, on_standby=on_standby),
            *prove_cluster(connection, resolved, cluster),
            *prove_ways(connection, cluster),
            *prove_hidden(connection, cluster, on_standby=on_standby),
            *prove_settings(connection, cluster, policy.places),
        )
        return Proof(facts=facts)


def _facts(
    connection: Connection, resolved: Resolved, doors: Doors, on: date, *, on_standby: bool
) -> Iterator[Fact]:
    views = read_views(connection)
    for door in doors.doors:
        audience = resolved.policy.audiences[door.audience]
        sights = see(resolved, audience)
        found = prove_views(connection, door, audience, sights, views)
        yield from found.facts
        for never in resolved.policy.nevers:
            if meet(never.located, audience.located, on, resolved.policy.countries):
                yield from prove_never(resolved, audience, never, found)
    yield from _strays(doors, views)
    for change in ground.redefined(connection):
        why = f"the doors show it, and it {change.what} than when they were applied"
        yield violation("application", f"view {change.subject}", why, mend.SUSPEND)
    suspended = ledger.suspensions(connection)
    if doors.doors and all(door.schema in suspended for door in doors.doors):
        yield absent("pseudonyms", "every door", "suspended: nobody is let in to see one")
    else:
        yield from prove_pseudonyms(connection, doors)
    yield from prove_reach(connection, doors.doors, on_standby=on_standby)


def _strays(doors: Doors, standing: Mapping[TableName, Standing]) -> Iterator[Fact]:
    schemas = {door.schema for door in doors.doors}
    for name, each in sorted(standing.items()):
        if name.schema not in schemas:
            why = "stands in a door that no audience has"
            yield violation(name.schema, str(name), why, away(each))
