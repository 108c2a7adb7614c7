"""A door as the gateway sees it: an address beforehand, and a catalog once a session is open.

The catalog is read over the session's own connection, so it is what Postgres shows this role and
not what somebody compiled. It turns names in a statement into an upper bound of columns, and the
sources in a RowDescription into the columns that were shown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files

from klover.errors import StoreError
from klover.policy.plate import Plate
from klover.wire.backend import DataRow, RowDescription

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_SYSTEM_OIDS = 16384
"""Oids below this are Postgres' own objects (FirstNormalObjectId)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorAddress:
    """Where a door is: its schema, and the login roles that sessions are leased from."""

    schema: str
    session_roles: tuple[str, ...]
    conceals_rows: bool = True
    """Whether some rows behind its views are not shown; then EXPLAIN is refused."""


class SuspendedError(StoreError):
    """The operator has closed a door for a while."""

    sqlstate = "57P03"

    def __init__(self, since: str) -> None:
        """``since`` is a time as the door tells it."""
        super().__init__(f"The door is suspended since {since} by the operator; try again later.")
        self.since = since


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view of a door: its name and its columns by number."""

    name: str
    columns: Mapping[int, str]


@dataclass(frozen=True, kw_only=True)
class DoorCatalog:
    """The views of one door by oid. Without slots: what follows from them is kept once made."""

    schema: str
    views: Mapping[int, View]
    conceals_rows: bool = True
    version: int = 0
    """The doors' version, as it stands on the door; 0 where none does."""
    _columns: dict[frozenset[str], tuple[str, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def everything(self) -> frozenset[str]:
        """The names of all views."""
        return frozenset(view.name for view in self.views.values())

    @cached_property
    def known(self) -> frozenset[str]:
        """Every name that may stand in a record: of the schema, its views and their columns."""
        columns = {name for view in self.views.values() for name in view.columns.values()}
        return frozenset({self.schema, *self.everything, *columns})

    @cached_property
    def _folded(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for name in self.everything:
            found[name.casefold()] = found.get(name.casefold(), frozenset()) | {name}
        return found

    def named(self, identifiers: Iterable[str]) -> frozenset[str]:
        """Tell the views that any of ``identifiers`` can mean, whatever their case."""
        folded = self._folded
        return frozenset(
            view for name in identifiers for view in folded.get(name.casefold(), frozenset())
        )

    def columns(self, views: frozenset[str]) -> tuple[str, ...]:
        """List every column of ``views`` as ``view.column``, in order."""
        found = self._columns.get(views)
        if found is None:
            found = self._columns[views] = tuple(
                sorted(
                    f"{view.name}.{column}"
                    for view in self.views.values()
                    if view.name in views
                    for column in view.columns.values()
                )
            )
        return found

    def shown(self, described: RowDescription) -> tuple[str, ...] | None:
        """List the door's columns that a result shows; None where a field names no source.

        Raises StoreError for a relation that came after the catalog was read.
        """
        found: set[str] = set()
        for column in described.fields:
            if column.table == 0:
                return None
            if column.table < _SYSTEM_OIDS:
                continue
            view = self.views.get(column.table)
            if view is None:
                raise StoreError("The door has changed since this session began; connect again.")
            if column.attribute not in view.columns:
                return None
            found.add(f"{view.name}.{view.columns[column.attribute]}")
        return tuple(sorted(found))


def statements() -> Mapping[str, str]:
    """Tell the statements that are asked over the wire, by name."""
    text = files("klover.gateway").joinpath("door.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return {
        name: _COMMENT.sub("", body).strip().rstrip(";")
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def catalog(address: DoorAddress, rows: Iterable[DataRow]) -> DoorCatalog:
    """Make a catalog of the rows of ``door_views``.

    Raises SuspendedError, or StoreError when there is nothing to see.
    """
    names: dict[int, str] = {}
    columns: dict[int, dict[int, str]] = {}
    plate = Plate()
    for row in rows:
        *view, comment = row.values
        plate = Plate.read((comment or b"").decode(errors="replace"))
        if any(value is None for value in view):
            continue
        oid, name, number, column = (value.decode() for value in view if value is not None)
        names[int(oid)] = name
        columns.setdefault(int(oid), {})[int(number)] = column
    if plate.suspended is not None:
        raise SuspendedError(plate.suspended)
    if not names:
        raise StoreError("This door has no views; `klover doors apply` makes them.")
    return DoorCatalog(
        schema=address.schema,
        views={oid: View(name=name, columns=columns[oid]) for oid, name in names.items()},
        conceals_rows=address.conceals_rows,
        version=plate.version,
    )
