"""The keys of pseudonyms: one for each audience and epoch, made by the server. Pure.

A key stands in no statement, plan or log; what is written here only asks for one. When the last
door that shows an audience's pseudonyms goes, so do its keys.
"""

from collections.abc import Iterator

from psycopg import sql

from klover.door import naming
from klover.door.condition import identifier
from klover.door.doors import Doors
from klover.door.pseudonyms.state import PseudonymState
from klover.door.step import Phase, Step, write
from klover.store.sql import statements

_CURRENT = "current"


def key_steps(doors: Doors, state: PseudonymState) -> Iterator[Step]:
    """Tell which keys to make, and which nobody needs any more."""
    queries = statements("klover.door", "pseudonyms.sql")
    keeper = {"keeper": naming.KEEPER, "keys": identifier(naming.KEYS)}
    if not state.has_keys:
        why = "the keys of pseudonyms, for nobody but the functions that use them"
        yield Step(phase=Phase.CREATE, why=why, sql=queries["make_keys"].as_string(None))
    if not state.keeper_reads and doors.keepers:
        why = "it computes pseudonyms with the keys, and reads nothing else"
        yield write(Phase.CREATE, why, "grant select on {keys} to {keeper}", keeper)
    wanted = {each.audience for keeper in doors.keepers for each in keeper.stored}
    epochs = {door.audience: door.epochs for door in doors.doors}
    for audience in sorted(wanted - set(state.epochs)):
        yield Step(
            phase=Phase.CREATE,
            why=f"the key of the pseudonyms of {audience}",
            sql=make_key(audience, epochs[audience].current, _CURRENT),
        )
    for audience in sorted(set(state.epochs) - wanted):
        yield write(
            Phase.DROP,
            "no door shows these pseudonyms",
            "delete from {keys} where audience = {audience}",
            {**keeper, "audience": sql.Literal(audience)},
        )


def make_key(audience: str, epoch: int, state: str) -> str:
    """Write the statement that makes a key; the key itself stands nowhere in it."""
    query = statements("klover.door", "pseudonyms.sql")["make_key"]
    return query.format(
        audience=sql.Literal(audience), epoch=sql.Literal(epoch), state=sql.Literal(state)
    ).as_string(None)
