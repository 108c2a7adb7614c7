"""Random schemas and random policies: no door reaches more, or less, than the pure decision says.

What a session of each door finds, in everything that it finds, is held against a model in Python
which takes from the policy only its decision (``see``) and what a row hangs off. The tables
themselves, and the keys of pseudonyms, have to be out of its reach. The proof has to agree. Then
the compiler is broken on purpose, and the same property has to fail.

A campaign of other schemas each time: ``KLOVER_TEST_SCHEMAS=2000 scripts/test -n 0 --timeout 0
tests/property/test_door_schemas.py -k reaches``.
"""

import hmac
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from psycopg import sql

from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import key_of
from doubles.random_schema import PREDICATES, Drawn, Key, Row, World, worlds
from klover import door
from klover.catalog import TableName
from klover.door import compile as compiler, condition, naming, roles, shown, stored
from klover.policy.coarsen import coarse
from klover.policy.model import Rows
from klover.policy.resolved import ColumnSight, NamedRow, Resolved, RowsShown, Show
from klover.policy.sight import see
from klover.store.connect import Connection
from klover.store.embedded import Server

_CAMPAIGN = os.environ.get("KLOVER_TEST_SCHEMAS")
_SLOW = settings(
    deadline=None,
    derandomize=_CAMPAIGN is None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def empty(server: Server) -> Iterator[Connection]:
    with own_database(server, "klover_test_schemas") as connection:
        yield connection


@pytest.mark.timeout(0 if _CAMPAIGN else 600)  # it takes sixteen seconds on an idle host
@given(world=worlds())
@settings(_SLOW, max_examples=int(_CAMPAIGN or 40))
def test_no_door_reaches_more_than_the_decision_says(empty: Connection, world: World) -> None:
    _examine(empty, world, proved=True)


def _examine(connection: Connection, world: World, *, proved: bool) -> None:
    """Build it, open its doors, and hold what each shows against the model; then undo it all."""
    with connection.transaction(force_rollback=True):
        for statement in world.ddl():
            connection.execute(statement.as_string(connection).encode())
        resolved = resolve(connection, world.policy)
        open_doors(connection, compiled(connection, resolved, 1))
        if proved:
            assert not door.prove(connection, resolved, TODAY).violations
        for audience in ("inside", "outside"):
            wanted = _wanted(connection, resolved, world, audience)
            with connection.transaction(force_rollback=True):
                role = sql.Identifier(naming.session_roles(audience, 1)[0])
                connection.execute(sql.SQL("set local session authorization {}").format(role))
                assert _found(connection, audience) == wanted
                _refused(connection, audience, world)
                _guessed(connection, audience, {view: found[0] for view, found in wanted.items()})


def _found(connection: Connection, audience: str) -> Mapping[str, tuple[list[str], list[str]]]:
    """Read everything there is in the door's schema: columns and rows by the view's name."""
    views = connection.execute(
        "select relname from pg_class where relnamespace = ("
        "select oid from pg_namespace where nspname = %s) and relkind <> 'i'",
        (naming.schema(audience),),
    ).fetchall()
    found = {}
    for (view,) in views:
        cursor = connection.execute(
            sql.SQL("select * from {}").format(sql.Identifier(naming.schema(audience), view))
        )
        columns = [column.name for column in cursor.description or ()]
        found[str(view)] = columns, sorted(map(repr, cursor.fetchall()))
    return found


def _refused(connection: Connection, audience: str, world: World) -> None:
    """Ask the tables, the keys and the other door, which are out of reach."""
    other = naming.schema("outside" if audience == "inside" else "inside")
    views = [TableName(other, name) for name in naming.view_names(world.names()).values()]
    for name in (TableName("klover_pseudonym", "key"), *world.names(), *views):
        with (
            pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)),
            connection.transaction(),
        ):
            connection.execute(
                sql.SQL("select 1 from {}").format(sql.Identifier(name.schema, name.name))
            )


def _guessed(connection: Connection, audience: str, views: Mapping[str, list[str]]) -> None:
    """Look with a predicate that says in its error what it came to see: only what shows.

    It costs the planner less than a condition that asks another table.
    """
    for view, columns in views.items():
        whole = sql.Identifier(naming.schema(audience), view)
        for column in columns:
            text = sql.SQL("{}::text").format(sql.Identifier("v", column))
            values = connection.execute(sql.SQL("select {} from {} v").format(text, whole))
            shown = {str(value) for (value,) in values}
            try:
                with connection.transaction():
                    connection.execute(
                        sql.SQL("select 1 from {} v where ({} || 'x')::integer = 0").format(
                            whole, text
                        )
                    )
            except psycopg.errors.InvalidTextRepresentation as error:
                said = (error.diag.message_primary or "").partition(': "')[2]
                assert said.removesuffix('x"') in shown, (view, column)


def _wanted(
    connection: Connection, resolved: Resolved, world: World, audience: str
) -> Mapping[str, tuple[list[str], list[str]]]:
    """Tell by hand what a door shows."""
    sights = see(resolved, resolved.policy.audiences[audience])
    views = naming.view_names([table.name for table in world.tables])
    model = _Model(resolved, world)
    wanted = {}
    for number, table in enumerate(world.tables):
        sight = sights[table.name]
        shown = sight.shown()
        if not shown or sight.rows is RowsShown.NONE or not model.may_show(number, sight.rows):
            continue
        keyed = any(each.show is Show.PSEUDONYM for each in shown)
        key = key_of(connection, audience) if keyed else b""
        rows = [
            tuple(_value(key, row, each, table) for each in shown)
            for row in table.rows
            if sight.rows is RowsShown.ALL or model.public(number, row)
        ]
        wanted[views[table.name]] = [each.column for each in shown], sorted(map(repr, rows))
    return wanted


class _Model:
    """Which rows are not restricted."""

    def __init__(self, resolved: Resolved, world: World) -> None:
        self._resolved = resolved
        self._world = world

    def public(self, number: int, row: Row) -> bool:
        """Tell whether a row, and all it hangs off, is public."""
        table = self._world.tables[number]
        rule = self._resolved.tables[table.name].rule
        own = rule.public_rows is Rows.ALL
        if rule.public_rows is Rows.PREDICATE:
            own = PREDICATES[rule.predicate or ""](row["Pub"])
        return own and all(self._above(each, row) for each in self._parents(table))

    def may_show(self, number: int, rows: RowsShown) -> bool:
        """Tell whether there is a view at all: not where no row could ever show."""
        if rows is RowsShown.ALL:
            return True
        table = self._world.tables[number]
        if self._resolved.tables[table.name].rule.public_rows is Rows.NONE:
            return False
        return all(
            each.nullable or each.element or self.may_show(each.target, rows)
            for each in self._parents(table)
        )

    def _parents(self, table: Drawn) -> Sequence[Key]:
        held = {each.columns for each in self._resolved.tables[table.name].parents}
        return [each for each in table.references if each.columns in held]

    def _above(self, reference: Key, row: Row) -> bool:
        target = self._world.tables[reference.target]
        if reference.element:
            keys = [(value,) for value in row[reference.columns[0]]]
        else:
            keys = [tuple(row[name] for name in reference.columns)]
        rows = [_row_of(target, reference, key) for key in keys if None not in key]
        return all(row is not None and self.public(reference.target, row) for row in rows)


def _row_of(table: Drawn, reference: Key, key: tuple[Any, ...]) -> Row | None:
    """Find the row that a reference means; a text that is no key's means none."""
    held = ((tuple(reference.held(row[name]) for name in table.key), row) for row in table.rows)
    return next((row for values, row in held if values == key), None)


def _value(key: bytes, row: Row, each: ColumnSight, table: Drawn) -> Any:
    value = row[each.column]
    if each.show is Show.CLEAR or value is None:
        return value
    if each.show is Show.COARSE:
        assert each.coarsen is not None
        return coarse(each.coarsen, table.columns[each.column], value)
    (named,) = each.names
    if named.element:
        return [_pseudonym(key, named, (element,)) for element in value]
    return _pseudonym(key, named, tuple(row[column] for column in named.columns))


def _pseudonym(key: bytes, named: NamedRow, values: tuple[Any, ...]) -> uuid.UUID | None:
    """Compute a pseudonym with the standard library's HMAC."""
    if None in values:
        return None
    message = f"{named.entity.schema}.{named.entity.name}".encode() + b"\0"
    for value in values:
        text = str(value).encode()
        message += (len(text).to_bytes(4, "big") if len(values) > 1 else b"") + text
    digest = hmac.digest(key, message, "sha256").hex()
    return uuid.UUID(f"{digest[:12]}8{digest[13:16]}a{digest[17:32]}")


def _sees_all(right: Any) -> Any:
    return lambda resolved, audience: {
        name: replace(
            sight, columns=tuple(replace(each, show=Show.CLEAR, names=()) for each in sight.columns)
        )
        for name, sight in right(resolved, audience).items()
    }


def _all_rows(right: Any) -> Any:
    return lambda resolved, audience: {
        name: replace(sight, rows=RowsShown.ALL) if sight.rows is RowsShown.PUBLIC else sight
        for name, sight in right(resolved, audience).items()
    }


def _own_unknown(right: Any) -> Any:
    def own(resolved: Resolved, traced: Any, reads: Any) -> Any:
        made = right(resolved, traced, reads)
        return made if isinstance(made, bool) else sql.SQL("({} is not false)").format(made)

    return own


def _shows_keys(right: Any) -> Any:
    def shown(needs: Any, traced: Any, sight: ColumnSight, at: int) -> Any:
        if sight.show is Show.PSEUDONYM:
            sight = replace(sight, show=Show.CLEAR, names=())
        return right(needs, traced, sight, at)

    return shown


def _one_name(right: Any) -> Any:
    return lambda inner, outer, _entity, message: right(inner, outer, TableName("a", "b"), message)


def _no_brackets(right: Any) -> Any:
    def own(resolved: Resolved, traced: Any, reads: Any) -> Any:
        made = right(resolved, traced, reads)
        return made if isinstance(made, bool) else sql.SQL(traced.rule.predicate)

    return own


def _every_door(right: Any) -> Any:
    def memberships(doors: Any, version: int, existing: frozenset[str]) -> Any:
        found = right(doors, version, existing)
        sessions = {each for each in found if each.group in {one.role for one in doors.doors}}
        return found | {replace(each, group=one.role) for each in sessions for one in doors.doors}

    return memberships


def _first_parent(right: Any) -> Any:
    return lambda parents: iter(list(right(parents))[:1])


def _no_lengths(right: Any) -> Any:
    def message(table: Any, named: NamedRow) -> Any:
        parts = [right(table, replace(named, columns=(name,))) for name in named.columns]
        return sql.SQL(" || ").join(parts)

    return message


def _loosely(_right: Any) -> Any:
    def referred(values: Any, names: Any, texts: Any, keys: Any) -> list[sql.Composable]:
        return [
            sql.SQL("regexp_replace({}::text, '^[0+x]+', '')::{}").format(value, sql.SQL(key.type))
            if name in texts
            else value
            for value, name, key in zip(values, names, keys, strict=True)
        ]

    return referred


def _less_coarse(right: Any) -> Any:
    def coarser(how: Any, column: Any, value: Any) -> Any:
        less = replace(how, argument=how.argument + 1) if how.argument else how
        return right(less, column, value)

    return coarser


def _never_barred(_right: Any) -> Any:
    return lambda *_: False


def _always(_right: Any) -> Any:
    return lambda *_: True


_MISTAKES: Mapping[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "every column shows": (compiler, "see", _sees_all),
    "every row shows": (compiler, "see", _all_rows),
    "no condition": (compiler, "not_restricted", _always),
    "the unknown shows": (condition, "_own", _own_unknown),
    "what a row hangs off does not count": (condition, "_parent", _always),
    "what elements refer to does not count": (condition, "_elements", _always),
    "keys in clear": (compiler, "shown_column", _shows_keys),
    "a condition without its brackets": (condition, "_own", _no_brackets),
    "sessions of every door": (roles, "wanted_memberships", _every_door),
    "the first parent only": (condition, "_ways_up", _first_parent),
    "parts of keys without their lengths": (stored, "_message", _no_lengths),
    "texts that are no keys taken for some": (condition, "referred", _loosely),
    "values made less coarse": (shown, "coarse", _less_coarse),
    "no barrier before hidden rows": (compiler, "_barrier", _never_barred),
    "one pseudonym for rows of all tables": (stored, "pseudonym", _one_name),
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", _MISTAKES)
def test_the_property_fails_when_the_compiler_is_broken(
    empty: Connection, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, wrong = _MISTAKES[mistake]
    monkeypatch.setattr(module, name, wrong(getattr(module, name)))

    @given(world=worlds())
    @settings(_SLOW, max_examples=60, report_multiple_bugs=False)
    def broken(world: World) -> None:
        _examine(empty, world, proved=False)

    with pytest.raises((AssertionError, psycopg.Error, pytest.fail.Exception)):
        broken()
