"""The prepared statements and portals of one session, as Postgres has them.

Names made by messages and by SQL (PREPARE, DECLARE) share one space each, and only their first 63
bytes count. Each change tells how to take it back, for messages that the server then skips.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from klover.gateway.reading import Reading
from klover.gateway.record import Opened
from klover.wire.lexer import MAX_IDENTIFIER

MAX_NAMES = 4_096
"""Names that a session may have of each kind, so that memory stays flat."""

Columns = tuple[str, ...]
Undo = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A prepared statement; ``columns`` are those that a Describe told, where it told them.

    ``opened`` is an intent that the next message about it takes up.
    """

    reading: Reading
    columns: Columns | None = None
    opened: Opened | None = None


@dataclass(slots=True, kw_only=True)
class Portal:
    """A portal or cursor, and the prepared statement it was made of."""

    prepared: Prepared
    columns: Columns | None = None
    opened: Opened | None = None
    ran: frozenset[str] = frozenset()
    """Every view that it could show when it was run."""
    held: bool = False
    """True for a cursor WITH HOLD, which outlives its transaction."""

    def told(self) -> Columns | None:
        """Tell the columns that a Describe of the portal or its statement has named.

        None where it runs another statement by name: that may be another one by now.
        """
        if self.prepared.reading.runs:
            return None
        return self.columns if self.columns is not None else self.prepared.columns


_Item = TypeVar("_Item", Prepared, Portal)


class Names(Generic[_Item]):
    """One space of names. Every change returns how to take it back."""

    def __init__(self) -> None:
        self._items: dict[bytes, _Item] = {}

    def get(self, name: bytes) -> _Item | None:
        """Find what a name stands for; None where that is not known."""
        return self._items.get(name[:MAX_IDENTIFIER])

    @property
    def full(self) -> bool:
        """Tell whether there is room for no other name."""
        return len(self._items) >= MAX_NAMES

    def put(self, name: bytes, item: _Item) -> Undo:
        """Give a name a meaning."""
        undo = self.drop(name)
        self._items[name[:MAX_IDENTIFIER]] = item
        return undo

    def keep(self, wanted: Callable[[_Item], bool]) -> None:
        """Forget every name whose meaning is not wanted."""
        self._items = {name: item for name, item in self._items.items() if wanted(item)}

    def drop(self, name: bytes) -> Undo:
        """Take a name's meaning away."""
        key = name[:MAX_IDENTIFIER]
        before = self._items.pop(key, None)

        def undo() -> None:
            self._items.pop(key, None)
            if before is not None:
                self._items[key] = before

        return undo

    def clear(self) -> Undo:
        """Take the meaning of every name away."""
        before, self._items = self._items, {}

        def undo() -> None:
            self._items = before

        return undo
