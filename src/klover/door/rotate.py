"""Give an audience new pseudonyms, and let the old ones go.

A new epoch has a key and columns of its own. It is *coming* while they are filled, online; then
one transaction makes it *current* and the old one *previous*: the door shows the new pseudonyms,
and beside each table's view one that leads from the old to the new. ``finish`` forgets the old
key and columns; whoever still holds an old pseudonym holds nothing. Each step can be run again.
"""

from collections.abc import Mapping
from typing import LiteralString

from psycopg import sql

from klover.door import ledger
from klover.door.condition import identifier
from klover.door.doors import Epochs
from klover.door.naming import KEYS
from klover.door.pseudonyms.keys import make_key
from klover.door.pseudonyms.state import read_epochs
from klover.errors import InputError
from klover.store.connect import Connection


def begin(connection: Connection, audience: str) -> Epochs:
    """Make the key of the coming epoch, where it is not there yet; tells the epochs.

    Raises InputError where the last rotation is not finished, there is nothing to rotate, or a
    door is suspended.
    """
    ledger.expect_open(connection)
    epochs = _epochs(connection, audience)
    if epochs.previous is not None:
        raise InputError(
            f"The last rotation of {audience} is not finished: its previous pseudonyms are still "
            "answered for. Run it with --finish first."
        )
    if epochs.coming is None:
        connection.execute(make_key(audience, epochs.current + 1, "coming").encode())
    return _epochs(connection, audience)


def switch(connection: Connection, audience: str) -> Epochs:
    """Make the coming epoch current; to be run in the transaction that applies the doors."""
    if _epochs(connection, audience).coming is not None:
        for old, new in (("current", "previous"), ("coming", "current")):
            _update(
                connection,
                "update {keys} set state = {new} where audience = {audience} and state = {old}",
                {"old": sql.Literal(old), "new": sql.Literal(new)},
                audience,
            )
    return _epochs(connection, audience)


def finish(connection: Connection, audience: str) -> Epochs:
    """Forget the previous key; to be run in the transaction that applies the doors.

    Raises InputError where there is none.
    """
    if _epochs(connection, audience).previous is None:
        raise InputError(f"There are no previous pseudonyms of {audience} to let go.")
    _update(
        connection,
        "delete from {keys} where audience = {audience} and state = 'previous'",
        {},
        audience,
    )
    return _epochs(connection, audience)


def _epochs(connection: Connection, audience: str) -> Epochs:
    epochs = read_epochs(connection).get(audience)
    if epochs is None:
        raise InputError(
            f"The audience {audience} has no pseudonyms in this database; "
            "`klover doors apply` makes them for audiences that are shown some."
        )
    return epochs


def _update(
    connection: Connection,
    text: LiteralString,
    parts: Mapping[str, sql.Composable],
    audience: str,
) -> None:
    connection.execute(
        sql.SQL(text).format(keys=identifier(KEYS), audience=sql.Literal(audience), **parts)
    )
