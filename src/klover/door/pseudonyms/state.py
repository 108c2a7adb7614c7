"""What stands in a database of stored pseudonyms: keys' names, columns, functions, triggers.

Only reads, and never a key. ``plan`` holds it against what was compiled, the proof against its own
reading of the policy. A check is compared by what Postgres makes of both expressions, so that the
words it was written in do not matter.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from klover.catalog import TableName
from klover.door.condition import identifier
from klover.door.doors import Epochs, Keeper
from klover.errors import StoreError
from klover.store.connect import Connection
from klover.store.sql import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingKeeper:
    """A function that computes stored columns."""

    body: str
    right: bool
    """Owned by the keeper's role, with its rights, and a trigger's."""
    settings: tuple[str, ...]
    noted: bool
    """Whether its text is the one it was made with."""
    closed: bool = True
    """Whether nobody but its owner may make a trigger of it."""


ALL = "true"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StandingTrigger:
    """A trigger that calls one; ``right`` when it fires before each row, always."""

    relation: TableName
    name: str
    function: str
    when: str
    """For which updates, without quotes; ``ALL`` for all, empty for the one for inserts."""
    right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingIndex:
    """An index on a stored column."""

    relation: TableName
    column: str
    unique: bool
    right: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A relation that inherits from another, or that other itself."""

    relation: TableName
    kind: str
    partition: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """How far the pseudonyms of a relation have been computed anew: pages, and the next one."""

    pages: int
    next: int
    hooked: bool
    """Whether its triggers have been there since that began."""
    same: bool
    """Whether the relation still lies in the file that these pages are of."""

    @property
    def done(self) -> bool:
        """Whether no page is left; rows that were written later had their trigger."""
        return self.hooked and self.next >= self.pages


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudonymState:
    """Everything of stored pseudonyms that stands."""

    has_keys: bool = False
    keeper_reads: bool = False
    """Whether the functions' owner may read the keys."""
    epochs: Mapping[str, Epochs] = field(default_factory=dict)
    columns: Mapping[tuple[TableName, str], str] = field(default_factory=dict)
    """Each with its type."""
    keepers: Mapping[str, StandingKeeper] = field(default_factory=dict)
    triggers: frozenset[StandingTrigger] = frozenset()
    later: frozenset[tuple[TableName, str]] = frozenset()
    """Triggers of others that fire after those."""
    checks: Mapping[tuple[TableName, str], tuple[bool, str]] = field(default_factory=dict)
    """Whether each was found to hold of every row, and its expression."""
    unlike: frozenset[tuple[TableName, str]] = frozenset()
    """The checks that say something else than was asked for."""
    indexes: Mapping[tuple[TableName, str], StandingIndex] = field(default_factory=dict)
    leading: frozenset[tuple[TableName, str]] = frozenset()
    """The columns by which the application's own indexes begin."""
    below: Mapping[TableName, tuple[Below, ...]] = field(default_factory=dict)
    """Each table that is no partition, with itself and all that inherits from it."""
    keyless: frozenset[TableName] = frozenset()
    """Those that a subscription feeds, and that have no key to find a changed row by."""

    reattached: frozenset[TableName] = frozenset()
    """Partitions that were away for a while: a row changed then kept its old pseudonym."""

    refills: Mapping[tuple[str, TableName], Refill] = field(default_factory=dict)
    """By keeper and relation: what a resume computes anew, or has, before it opens the doors."""

    def leaves(self, table: TableName) -> tuple[TableName, ...]:
        """Tell the relations that hold a table's rows: itself, partitions, what inherits."""
        return tuple(each.relation for each in self.below.get(table, ()) if each.kind == "r")

    def again(self, table: TableName) -> tuple[TableName, ...]:
        """Tell the partitions of a table that were detached and attached again."""
        done = {relation for (_, relation), refill in self.refills.items() if refill.done}
        below = {each.relation for each in self.below.get(table, ())}
        return tuple(sorted(below & self.reattached - done))

    def lost(self, table: TableName) -> tuple[TableName, ...]:
        """Tell in which relations of a table changes would be lost, with a column of ours."""
        below = {table, *(each.relation for each in self.below.get(table, ()))}
        return tuple(sorted(below & self.keyless))


def read_epochs(connection: Connection) -> Mapping[str, Epochs]:
    """Tell which epochs of pseudonyms each audience has."""
    queries = statements("klover.door", "pseudonyms.sql")
    if connection.execute(queries["has_keys"]).fetchone() != (True,):
        return {}
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for audience, epoch, state in connection.execute(queries["epochs"]):
        found[audience][state] = epoch
    return {
        audience: Epochs(
            current=states["current"],
            previous=states.get("previous"),
            coming=states.get("coming"),
        )
        for audience, states in found.items()
        if "current" in states
    }


def read_pseudonyms(connection: Connection, keepers: Sequence[Keeper]) -> PseudonymState:
    """Read what stands; ``keepers`` say what each check should be."""
    queries = statements("klover.door", "pseudonyms.sql")

    def rows(name: str) -> list[tuple[Any, ...]]:
        return connection.execute(queries[name]).fetchall()

    below: dict[TableName, list[Below]] = defaultdict(list)
    for row in rows("relations"):
        below[TableName(row[0], row[1])].append(
            Below(relation=TableName(row[2], row[3]), kind=row[4], partition=row[5])
        )
    columns = {(TableName(row[0], row[1]), row[2]): row[3] for row in rows("columns")}
    checks = {(TableName(row[0], row[1]), row[2]): (row[3], row[4]) for row in rows("checks")}
    return PseudonymState(
        has_keys=rows("has_keys") == [(True,)],
        keeper_reads=rows("keeper_reads") == [(True,)],
        epochs=read_epochs(connection),
        columns=columns,
        keepers={
            row[0]: StandingKeeper(
                body=row[1], right=row[2], settings=tuple(row[3]), noted=row[4], closed=row[5]
            )
            for row in rows("keepers")
        },
        triggers=frozenset(
            StandingTrigger(
                relation=TableName(row[0], row[1]),
                name=row[2],
                function=row[3],
                when=row[4].replace('"', ""),
                right=row[5],
            )
            for row in rows("triggers")
        ),
        later=frozenset((TableName(row[0], row[1]), row[2]) for row in rows("later")),
        checks=checks,
        unlike=_unlike(connection, keepers, columns, checks),
        indexes={
            (TableName(row[0], row[1]), row[2]): StandingIndex(
                relation=TableName(row[0], row[1]), column=row[3], unique=row[4], right=row[5]
            )
            for row in rows("indexes")
        },
        leading=frozenset((TableName(row[0], row[1]), row[2]) for row in rows("leading")),
        below={table: tuple(found) for table, found in below.items()},
        reattached=frozenset(
            TableName(row[0], row[1])
            for row in (rows("reattached") if rows("has_ground") == [(True,)] else ())
        ),
        keyless=frozenset(TableName(row[0], row[1]) for row in rows("keyless")),
        refills={
            (row[0], TableName(row[1], row[2])): Refill(
                pages=row[3], next=row[4], hooked=row[5], same=row[6]
            )
            for row in (rows("refills") if rows("has_refills") == [(True,)] else ())
        },
    )


def _unlike(
    connection: Connection,
    keepers: Sequence[Keeper],
    columns: Mapping[tuple[TableName, str], str],
    checks: Mapping[tuple[TableName, str], tuple[bool, str]],
) -> frozenset[tuple[TableName, str]]:
    """Tell which standing checks Postgres plans otherwise than what they should say."""
    found: set[tuple[TableName, str]] = set()
    for keeper in keepers:
        pairs = [
            (each.name, each.check, checks[keeper.table, each.name][1])
            for each in keeper.stored
            if (keeper.table, each.name) in checks and (keeper.table, each.name) in columns
        ]
        # Most are word for word what was asked for.
        if all(asked.replace('"', "") == stands.replace('"', "") for _, asked, stands in pairs):
            continue
        asked = _planned(connection, keeper.table, [asked for _, asked, _ in pairs])
        stands = _planned(connection, keeper.table, [stands for *_, stands in pairs])
        if asked is None or asked != stands:
            # One that differs makes all of the table's suspect: they are made anew.
            found |= {(keeper.table, name) for name, *_ in pairs}
    return frozenset(found)


def _planned(
    connection: Connection, table: TableName, expressions: Sequence[str]
) -> tuple[str, ...] | None:
    if not expressions:
        return ()
    query = sql.SQL("explain (verbose, costs off) select {} from only {}").format(
        sql.SQL(", ").join(sql.SQL(text) for text in expressions), identifier(table)
    )
    try:
        with connection.transaction():
            return tuple(str(row[0]) for row in connection.execute(query))
    except psycopg.errors.LockNotAvailable as error:
        raise StoreError(
            f"Nothing was changed: somebody else's work holds a lock on {table}. "
            "Run it again when the application is quieter."
        ) from error
    except psycopg.Error:
        return None


def expect_keys(keepers: Sequence[Keeper], state: PseudonymState) -> None:
    """Raise StoreError where replication would lose changes to a table that gets a column."""
    for relation in (each for keeper in keepers for each in state.lost(keeper.table)):
        raise StoreError(
            f"A subscription feeds {relation}, which has no primary key: with pseudonyms in it, "
            "Postgres would no longer find the rows that are changed or deleted at the source. "
            "Nothing was changed; give it one here, or `replica identity using index`."
        )


def expect_same_epochs(asked: Mapping[str, Epochs], state: PseudonymState) -> None:
    """Raise StoreError where doors were compiled for other epochs than those that stand."""
    for audience, epochs in asked.items():
        if state.epochs.get(audience, epochs) != epochs:
            raise StoreError(
                f"The pseudonyms of {audience} have changed since its door was compiled. "
                "Nothing was changed; run it again."
            )
