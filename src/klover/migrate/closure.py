"""Which rows are inside, which rows of others come along, and what stays: sets of keys.

All of it is computed at the source, in one transaction, into temporary tables of that session:
``klover_member_n`` (inside, mixed or nobody's), ``klover_guest_n`` and ``klover_stub_n``. A guest
is what an inside row refers to; a stub is an inside row that is public, somebody outside's too, or
referred to by a row that stays. Both grow until nothing changes. A row whose reference leads
nowhere counts as inside; a row that refers to nobody is nobody's and stays.
"""

from collections.abc import Mapping

from psycopg import sql

from klover.catalog import TableName
from klover.migrate.cohort import COHORT
from klover.migrate.pieces import (
    PUBLIC,
    always_public,
    columns,
    equal,
    listed,
    never_public,
    public,
    refers,
    rows_of,
    temporary,
)
from klover.migrate.shape import Keep, Shape, kept_references, led_to, read_by
from klover.migrate.way import way
from klover.policy.model import DataClass
from klover.policy.resolved import Reference, Resolved
from klover.store.connect import Connection
from klover.store.sql import statements


class Closure:
    """Computes the sets in the transaction of ``connection``, after ``cohort.decide``."""

    def __init__(
        self, *, connection: Connection, resolved: Resolved, shapes: Mapping[TableName, Shape]
    ) -> None:
        """Nothing is computed yet."""
        self._connection = connection
        self._resolved = resolved
        self._shapes = shapes
        self._traced = [shape for shape in shapes.values() if not shape.shared]
        self._queries = statements("klover.migrate", "closure.sql")

    def members(self) -> None:
        """Find the rows that are inside, of every traced table."""
        for shape in self._traced:
            member = temporary("member", shape.index)
            keys = columns("t", shape.key)
            if shape.name == self._resolved.policy.subjects.table:
                query = self._queries["subjects"].format(member=member, keys=keys, cohort=COHORT)
            else:
                lineages = shape.traced.lineages
                ways = [way(shape, line, number) for number, line in enumerate(lineages)]
                query = self._queries["members"].format(
                    member=member,
                    keys=keys,
                    inside=listed(
                        (part for one in ways for part in (one.inside, one.lost)), " or "
                    ),
                    outside=listed((one.outside for one in ways), " or "),
                    table=shape.rows(),
                    joins=listed((one.joins for one in ways), " "),
                )
            self._connection.execute(query)
            self._connection.execute(sql.SQL("analyze {}").format(member))

    def guests(self) -> None:
        """Find the rows of others that come along."""
        self._mark_tables("guest")
        found: set[TableName] = set()
        for shape in self._shapes.values():
            statement = "guests_of_shared" if shape.shared else "guests_of_members"
            for reference, target in led_to(self._resolved, self._shapes, shape.traced.references):
                if not target.shared and self._grow(statement, shape, reference, target, 0):
                    found.add(target.name)
        self._rounds("guest", "guests_of_guests", found)

    def stubs(self) -> None:
        """Find the inside rows of which something stays at the source."""
        self._mark_tables("stub")
        found: set[TableName] = set()
        for shape in self._traced:
            if self._public_stays() and not never_public(shape.traced) and self._open(shape):
                found.add(shape.name)
        for shape in self._traced:
            if shape.has_reason_to_stay() and self._mixed(shape):
                found.add(shape.name)
        for shape in self._shapes.values():
            statement = "stubs_of_shared" if shape.shared else "stubs_of_rest"
            for reference, target in led_to(self._resolved, self._shapes, shape.traced.references):
                if self._can_grow(target) and self._grow(statement, shape, reference, target, 0):
                    found.add(target.name)
        self._rounds("stub", "stubs_of_stubs", found)

    def _rounds(self, kind: str, statement: str, found: set[TableName]) -> None:
        """Follow what the last round found until a round finds nothing."""
        number = 0
        while found:
            number += 1
            again: set[TableName] = set()
            for name in sorted(found):
                shape = self._shapes[name]
                projection = shape.guest if kind == "guest" else shape.stub
                for reference, target in led_to(
                    self._resolved, self._shapes, kept_references(shape, projection)
                ):
                    if target.shared or (kind == "stub" and not self._can_grow(target)):
                        continue
                    if self._grow(statement, shape, reference, target, number):
                        again.add(target.name)
            found = again
        for shape in self._traced:
            self._connection.execute(sql.SQL("analyze {}").format(temporary(kind, shape.index)))

    def _grow(
        self, statement: str, shape: Shape, reference: Reference, target: Shape, number: int
    ) -> bool:
        """Mark the rows of ``target`` that ``reference`` leads to; tell whether any were new."""
        guests = statement.startswith("guests")
        projection = shape.guest if guests else shape.stub
        shown = guests and Keep.IF_PUBLIC in target.guest.keep.values()
        conditional = any(projection.keep[name] is Keep.IF_PUBLIC for name in read_by(reference))
        query = self._queries[statement].format(
            guest=temporary("guest", target.index),
            stub=temporary("stub", target.index),
            found=columns("p", target.key),
            public=public(self._resolved, target.traced, "p") if shown else sql.SQL("false"),
            round=sql.Literal(number),
            table=shape.rows(),
            member=temporary("member", shape.index),
            from_guest=temporary("guest", shape.index),
            from_stub=temporary("stub", shape.index),
            same=equal("t", shape.key, "m", shape.key),
            kept=sql.SQL("and m.{}").format(sql.Identifier(PUBLIC)) if conditional else sql.SQL(""),
            target=rows_of(target.traced, alone=target.inherited),
            target_member=temporary("member", target.index),
            refers=refers("t", reference, "p"),
            target_same=equal("x", target.key, "p", target.key),
            target_y=equal("y", target.key, "p", target.key),
        )
        return self._connection.execute(query).rowcount > 0

    def _mark_tables(self, kind: str) -> None:
        for shape in self._traced:
            query = self._queries["marked"].format(
                marked=temporary(kind, shape.index),
                keys=columns("t", shape.key),
                table=shape.rows(),
            )
            self._connection.execute(query)

    def _open(self, shape: Shape) -> bool:
        query = self._queries["stubs_public"].format(
            stub=temporary("stub", shape.index),
            keys=columns("t", shape.key),
            table=rows_of(shape.traced, alone=shape.inherited),
            member=temporary("member", shape.index),
            same=equal("t", shape.key, "m", shape.key),
            public=public(self._resolved, shape.traced, "t"),
        )
        return self._connection.execute(query).rowcount > 0

    def _mixed(self, shape: Shape) -> bool:
        query = self._queries["stubs_mixed"].format(
            stub=temporary("stub", shape.index),
            keys=columns("t", shape.key),
            table=shape.rows(),
            member=temporary("member", shape.index),
            same=equal("t", shape.key, "m", shape.key),
            stub_same=equal("x", shape.key, "t", shape.key),
        )
        return self._connection.execute(query).rowcount > 0

    def _public_stays(self) -> bool:
        return DataClass.PUBLIC in self._resolved.policy.stays_outside

    def _can_grow(self, target: Shape) -> bool:
        """Tell whether a reference may add stubs: not where every inside row is one already."""
        if target.shared:
            return False
        return not (self._public_stays() and always_public(self._resolved, target.traced))
