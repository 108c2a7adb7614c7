"""A mistake in the compiler is found by the proof: planted in its code, applied, and proved.

The proof reads the policy for itself. Each mistake here is one that a person could make; what it
compiles to is applied as it is, and has to be a violation (or to fail while it is applied).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from psycopg import sql

from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA
from doubles.enclave import PEOPLE
from klover import door
from klover.catalog import TableName
from klover.door import compile as compiler, condition, diff, naming, pseudonyms, shown, stored
from klover.door.shown import Needs, Shown
from klover.errors import KloverError
from klover.policy.model import Audience, Coarsen, Coarsening
from klover.policy.resolved import ColumnSight, Resolved, RowsShown, Show, TracedTable
from klover.store.connect import Connection
from klover.store.embedded import Server

Mistake = Callable[[Any], Any]
VIDEOS = TableName("public", "videos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """``wrong`` is given what stands under ``name``, and tells what stands there instead."""

    what: str
    module: Any
    name: str
    wrong: Mistake
    found: str


def _shows(column: str, other: str) -> Mistake:
    """Show another column of the same table under a column's name."""

    def wrong(right: Any) -> Any:
        def shown(needs: Needs, traced: TracedTable, sight: ColumnSight, at: int) -> Shown:
            if sight.column != column:
                return cast("Shown", right(needs, traced, sight, at))
            name = sql.Identifier(column)
            output = sql.SQL("r.{} as {}").format(sql.Identifier(other), name)
            return Shown(output=output, taken=(other,))

        return shown

    return wrong


def _sees_all(right: Any) -> Any:
    def see(resolved: Resolved, audience: Audience) -> Any:
        return {
            name: replace(
                sight,
                rows=RowsShown.ALL,
                columns=tuple(replace(c, show=Show.CLEAR, names=()) for c in sight.columns),
            )
            for name, sight in right(resolved, audience).items()
        }

    return see


def _all_rows(right: Any) -> Any:
    def see(resolved: Resolved, audience: Audience) -> Any:
        found = right(resolved, audience)
        rows = {n: s for n, s in found.items() if s.rows is RowsShown.PUBLIC}
        return {**found, **{n: replace(s, rows=RowsShown.ALL) for n, s in rows.items()}}

    return see


def _own_unknown(right: Any) -> Any:
    def own(resolved: Resolved, traced: Any, reads: Any) -> Any:
        made = right(resolved, traced, reads)
        if isinstance(made, bool):
            return made
        return sql.SQL("(({}) is not false)").format(sql.SQL(traced.rule.predicate or ""))

    return own


def _another_row(right: Any) -> Any:
    def shown(needs: Needs, traced: TracedTable, sight: ColumnSight, at: int) -> Any:
        if sight.column != "blocked_id":
            return right(needs, traced, sight, at)
        made = right(needs, traced, replace(sight, column="blocker_id"), at)
        output = sql.SQL("r.{} as blocked_id").format(sql.Identifier(made.taken[0]))
        return replace(made, output=output)

    return shown


def _another_entity(right: Any) -> Any:
    def shown(needs: Needs, traced: TracedTable, sight: ColumnSight, at: int) -> Any:
        if sight.column == "account_id" and sight.names:
            sight = replace(sight, names=(replace(sight.names[0], entity=VIDEOS),))
        return right(needs, traced, sight, at)

    return shown


def _anothers_column(right: Any) -> Any:
    def shown(needs: Needs, traced: TracedTable, sight: ColumnSight, at: int) -> Any:
        made = right(needs, traced, sight, at)
        if needs.audience != "engineering-china" or not sight.names:
            return made
        name = naming.stored("engineering-abroad", traced.name, sight.column, 1)
        output = sql.SQL("r.{} as {}").format(sql.Identifier(name), sql.Identifier(sight.column))
        return Shown(output=output, taken=(name,))

    return shown


def _anothers_key(right: Any) -> Any:
    return lambda at, _audience, epoch: right(at, "engineering-abroad", epoch)


def _no_check(_right: Any) -> Any:
    return lambda _name, _names: sql.SQL("true")


def _without_the_entity(right: Any) -> Any:
    return lambda inner, outer, _entity, message: right(inner, outer, VIDEOS, message)


def _no_secret(right: Any) -> Any:
    return lambda _inner, _outer, entity, message: right("''::bytea", "''::bytea", entity, message)


def _never_computed(_right: Any) -> Any:
    return lambda _keeper, _state, **_more: iter(())


def _reads_more(right: Any) -> Any:
    class Reads(right):  # type: ignore[misc]
        def add(self, table: TableName, *columns: str) -> None:
            more = {"accounts": ("email",)}.get(table.name, ())
            super().add(table, *columns, *more)

    return Reads


def _nothing(_right: Any) -> Any:
    return lambda *_: True


MUTATIONS = (
    Mutation(
        what="another column under the right name",
        module=compiler, name="shown_column", wrong=_shows("title", "caption"),
        found="not videos.title",
    ),
    Mutation(
        what="what an audience sees is not asked",
        module=compiler, name="see", wrong=_sees_all, found="withholds",
    ),
    Mutation(
        what="all rows where some are restricted",
        module=compiler, name="see", wrong=_all_rows, found="conditions",
    ),
    Mutation(
        what="no condition at all",
        module=compiler, name="not_restricted", wrong=_nothing, found="conditions",
    ),
    Mutation(
        what="the unknown shows",
        module=condition, name="_own", wrong=_own_unknown, found="conditions",
    ),
    Mutation(
        what="what a row hangs off does not count",
        module=condition, name="_parent", wrong=_nothing, found="conditions",
    ),
    Mutation(
        what="pseudonyms of another row",
        module=compiler, name="shown_column", wrong=_another_row, found="not its pseudonym",
    ),
    Mutation(
        what="the key itself in its pseudonym's place",
        module=compiler, name="shown_column", wrong=_shows("account_id", "account_id"),
        found="not its pseudonym",
    ),
    Mutation(
        what="pseudonyms of another kind of row",
        module=compiler, name="shown_column", wrong=_another_entity, found="something else",
    ),
    Mutation(
        what="pseudonyms of another audience",
        module=compiler, name="shown_column", wrong=_anothers_column, found="not its pseudonym",
    ),
    Mutation(
        what="pseudonyms under another audience's key",
        module=stored, name="_key", wrong=_anothers_key, found="something else",
    ),
    Mutation(
        what="pseudonyms that do not tell kinds of rows apart",
        module=stored, name="pseudonym", wrong=_without_the_entity, found="something else",
    ),
    Mutation(
        what="pseudonyms that anybody can compute",
        module=stored, name="pseudonym", wrong=_no_secret, found="something else",
    ),
    Mutation(
        what="nothing makes sure that a pseudonym is there",
        module=shown, name="check", wrong=_no_check, found="check does not stand",
    ),
    Mutation(
        what="nothing computes pseudonyms",
        module=pseudonyms, name="trigger_steps", wrong=_never_computed, found="",
    ),
    Mutation(
        what="owners that may read more than their views",
        module=compiler, name="Reads", wrong=_reads_more, found="accounts.email",
    ),
    Mutation(
        what="sessions that may write",
        module=compiler, name="SETTINGS", wrong=lambda _: {}, found="default_transaction_read_only",
    ),
    Mutation(
        what="views without a barrier",
        module=diff, name="_BARRIER", wrong=lambda _: (), found="",
    ),
)  # fmt: skip


def _as_it_is(_right: Any) -> Any:
    return lambda _how, _column, value: sql.Composed([value])


def _less_coarse(right: Any) -> Any:
    def coarse(how: Coarsen, column: Any, value: Any) -> Any:
        return right(replace(how, by=Coarsening.FIRST, argument=2), column, value)

    return coarse


def _nothing_cut_out(right: Any) -> Any:
    return lambda sights, column, value: right([s for s in sights if s.shown], column, value)


def _first_half(right: Any) -> Any:
    return lambda table, each, at: right(table, replace(each, names=each.names[:1]), at)


def _first_half_checked(right: Any) -> Any:
    return lambda name, names: right(name, names[:1])


def _only_keys_watched(right: Any) -> Any:
    def watched(each: Any) -> Any:
        return right(each) - {"about_type"}

    return watched


def _elements_unasked(_right: Any) -> Any:
    return lambda *_: True


KINDS = (
    Mutation(
        what="a value that is not made coarse",
        module=shown, name="coarse", wrong=_as_it_is, found="as it is, not coarse",
    ),
    Mutation(
        what="a value that is made less coarse",
        module=shown, name="coarse", wrong=_less_coarse, found="values are not",
    ),
    Mutation(
        what="a whole document",
        module=shown, name="parts", wrong=_as_it_is, found="as it is, not parts",
    ),
    Mutation(
        what="a part of a document that was to be cut out",
        module=shown, name="parts", wrong=_nothing_cut_out, found="values are not",
    ),
    Mutation(
        what="a pair of which one half is computed",
        module=stored, name="_assign", wrong=_first_half, found="violated by some row",
    ),
    Mutation(
        what="a pair of which one half is checked",
        module=shown, name="check", wrong=_first_half_checked, found="violated by some row",
    ),
    Mutation(
        what="a pair whose type may change unseen",
        module=stored, name="_watched", wrong=_only_keys_watched, found="triggers",
    ),
    Mutation(
        what="rows that do not hang off what elements refer to",
        module=condition, name="_elements", wrong=_elements_unasked, found="conditions",
    ),
    Mutation(
        what="rows that do not hang off what a pair refers to",
        module=condition, name="_pair", wrong=_elements_unasked, found="conditions",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(server: Server) -> Iterator[tuple[Connection, Resolved]]:
    with own_database(server, "klover_test_mutations") as connection:
        load_application(connection)
        connection.execute(PEOPLE)
        yield connection, resolve(connection)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_a_mistake_in_the_compiler_is_found(
    filled: tuple[Connection, Resolved], mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, resolved = filled
    right = getattr(mutation.module, mutation.name)
    monkeypatch.setattr(mutation.module, mutation.name, mutation.wrong(right))
    told: list[str] = []
    with connection.transaction(force_rollback=True):
        try:
            with connection.transaction():
                open_doors(connection, compiled(connection, resolved))
        except KloverError as error:
            told.append(f"refused: {error}")
        else:
            facts = door.prove(connection, resolved, TODAY).violations
            told += [f"{fact.what} {fact.why}" for fact in facts]
    assert any(mutation.found in each for each in told if each), told


@pytest.fixture(scope="module")
def kinds(server: Server) -> Iterator[tuple[Connection, Resolved]]:
    with own_database(server, "klover_test_mutated_kinds") as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(ROWS.encode())
        # What chats and notes refer to is public for some rows only.
        text = POLICY.replace("    hangs_off: []\n", "").replace(
            "    public_rows: true\n", "    public_rows: id > 1\n", 1
        )
        yield connection, resolve(connection, text)


def test_nothing_is_found_where_no_mistake_is(kinds: tuple[Connection, Resolved]) -> None:
    connection, resolved = kinds
    with connection.transaction(force_rollback=True):
        open_doors(connection, compiled(connection, resolved))
        found = door.prove(connection, resolved, TODAY).violations
        assert not [f"{fact.what} {fact.why}" for fact in found]


@pytest.mark.parametrize("mutation", KINDS, ids=lambda mutation: mutation.what)
def test_a_mistake_with_any_kind_of_column_is_found(
    kinds: tuple[Connection, Resolved], mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_mistake_in_the_compiler_is_found(kinds, mutation, monkeypatch)
