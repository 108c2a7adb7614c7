"""What stands under Klover's names and is not Klover's: it is told, and never touched.

A door's schema has a plate or lets a door's role in; a stored column has the shape of ours. What
only happens to be called so is somebody's: a change of the doors is refused until it is renamed.
"""

from klover.door import naming
from klover.door.ledger import rows
from klover.errors import StoreError
from klover.store.connect import Connection


def expect_none(connection: Connection) -> None:
    """Raise StoreError where an application has objects under names that are Klover's own."""
    for what, name in rows(connection, "foreign"):
        prefix = naming.SCHEMA_PREFIX if what == "schema" else naming.STORED_PREFIX
        raise StoreError(
            f"The {what} {name} is not Klover's, but names that begin with {prefix} are. Nothing "
            "was changed; give it another name."
        )
