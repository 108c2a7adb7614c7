"""Whose rows these are, over every kind of reference: the SQL agrees with a model of it.

Random tables whose first reference is plain, of two columns, an array or a pair, or which are
reached backwards over a table that refers to them so, by keys or by their texts. Stated references
may lead nowhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import sql

from doubles.small_world import World as Sides, contents, run_sql
from klover.catalog import TableName
from klover.migrate.phase import Phase
from klover.migrate.pieces import temporary
from klover.migrate.snapshot import take
from klover.policy.parse import parse
from klover.policy.trace import trace
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.store.inspect import read_catalog

pytestmark = pytest.mark.timeout(600)  # ten seconds on an idle host
NewDatabase = Callable[[], str]
HOMES = ("NO", "US", "BR", None)
INSIDE = {"NO", None}
MISWRITTEN = ("01", "1.0", " 1", "99999999999999999999", "x")
"""Texts that are no key's; a cast would take some for one and fail at others."""
NOWHERE = 99
KINDS = ("plain", "wide", "array", "pair")
Value = int | str | None | tuple[int | str | None, ...]
Reached = tuple[frozenset[int], bool]
"""The subjects that a row reaches, and whether a reference on the way leads nowhere."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A table with rows; one that is ``back`` is reached over a table that refers to it."""

    number: int
    kind: str
    target: int
    other: int = 0
    """The second half's table, of a pair."""
    back: bool = False
    written: bool = False
    """Whether the reference holds keys as text."""
    rows: tuple[tuple[Value, str | None, int | None], ...] = ()
    """What the reference holds, the type of a pair, and the subject of a link."""


@dataclass(frozen=True, kw_only=True)
class World:
    homes: tuple[str | None, ...]
    nodes: tuple[Node, ...]

    def size(self, table: int) -> int:
        return len(self.homes) if table == 0 else len(self.nodes[table - 1].rows)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    homes = tuple(draw(st.lists(st.sampled_from(HOMES), min_size=1, max_size=4)))
    nodes: list[Node] = []
    for number in range(1, draw(st.integers(2, 5))):
        kind = draw(st.sampled_from(KINDS))
        back = kind != "wide" and draw(st.booleans())
        written = draw(st.booleans())
        target, other = (draw(st.integers(0, number - 1)) for _ in range(2))
        if kind == "wide":
            target = 0
        so_far = World(homes=homes, nodes=tuple(nodes))
        most = max(so_far.size(target), so_far.size(other))
        rows = []
        for _ in range(draw(st.integers(0, 4))):
            # A declared key leads somewhere; a stated one may lead nowhere.
            top = draw(st.integers(1, 4)) if back else most + (kind != "plain")
            one: st.SearchStrategy[int | str | None] = (
                st.none() if top == 0 else st.one_of(st.none(), st.integers(1, top))
            )
            if written:
                one = st.one_of(one, st.sampled_from(MISWRITTEN))
            value: Value = draw(
                st.one_of(st.none(), st.lists(one, max_size=3).map(tuple))
                if kind == "array"
                else one
            )
            if kind == "plain" and not back and not written and isinstance(value, int):
                value = value if value <= so_far.size(target) else None
            rows.append(
                (
                    value,
                    draw(st.sampled_from(["A", "B::b", "C", None])) if kind == "pair" else None,
                    draw(st.one_of(st.none(), st.integers(1, len(homes)))),
                )
            )
        nodes.append(
            Node(
                number=number,
                kind=kind,
                target=target,
                other=other,
                back=back,
                written=written,
                rows=tuple(rows),
            )
        )
    return World(homes=homes, nodes=tuple(nodes))


def schema_of(world: World) -> str:
    """Make the tables; ``secret`` tells a row apart wherever it comes to stand."""
    parts = [
        "create table t0 (ten int, id int unique, home text, secret text, primary key (ten, id));"
    ]
    for node in world.nodes:
        name, kind = f"t{node.number}", node.kind
        column = f"r {'text' if node.written else 'int'}{'[]' if kind == 'array' else ''}"
        if kind == "plain" and not node.back and not node.written:
            column += f" references t{node.target}(id)"
        if node.back:
            parts.append(f"create table {name} (id int primary key, secret text);")
            name = f"l{node.number}"
        parts.append(
            f"create table {name} (id int primary key, {column}, k text, ten int default 7,"
            " who int references t0(id), secret text);"
        )
    return "\n".join(parts)


def rows_of(world: World) -> str:
    parts = []
    for row, home in enumerate(world.homes, 1):
        parts.append(f"insert into t0 values (7, {row}, {literal(home)}, 'secret-t0-{row}-x');")
    for node in world.nodes:
        name = f"t{node.number}"
        if node.back:
            parts += [f"insert into {name} values ({n}, 'secret-{name}-{n}-x');" for n in (1, 2, 3)]
            name = f"l{node.number}"
        for row, (value, type_, who) in enumerate(node.rows, 1):
            parts.append(
                f"insert into {name} values ({row}, {held(node, value)}, {literal(type_)}, 7,"
                f" {literal(who)}, 'secret-{name}-{row}-x');"
            )
    return "\n".join(parts)


def held(node: Node, value: Value) -> str:
    """Write what the reference of a row holds: a key, its text, or what is no key's text."""
    if isinstance(value, tuple):
        kind = "text" if node.written else "int"
        return f"array[{', '.join(held(node, each) for each in value)}]::{kind}[]"
    return literal(str(value) if node.written and value is not None else value)


def literal(value: int | str | None) -> str:
    return "null" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


def step_of(node: Node, half: str = "A") -> str:
    return {"plain": "r", "wide": "(ten, r)", "array": "r[]", "pair": f'r("{half}")'}[node.kind]


def ways_of(world: World, node: Node) -> list[list[tuple[Node, str]]]:
    """List the ways to subjects: each the nodes passed, with the half taken there."""
    if node.back:
        return [[(node, "A")]]
    halves = (
        [("A", node.target), ("B::b", node.other)] if node.kind == "pair" else [("A", node.target)]
    )
    found = []
    for half, target in halves:
        onward = ways_of(world, world.nodes[target - 1])[0] if target else []
        found.append([(node, half), *onward])
    return found


def text_of(way: list[tuple[Node, str]]) -> str:
    text = ""
    for node, half in way:
        if node.back:
            text += f" from l{node.number}.{step_of(node)}.who"
        else:
            text += ("." if text else "") + step_of(node, half)
    return text.strip()


def policy_of(world: World) -> str:
    lines = ["klover: 1", "enclave: europe", "rests_in: [EEA]"]
    lines += ["defaults: {columns: {secret: restricted, '*': interoperable}}"]
    lines += ["subjects: {table: t0, key: [ten, id], home: home, inside: [EEA]}", "tables:"]
    for node in world.nodes:
        to, other = f"t{node.target}.id", f"t{node.other}.id"
        if node.back:
            to = other = f"t{node.number}.id"
        states = {
            "plain": f"r: {to}",
            "wide": "(ten, r): t0.(ten, id)",
            "array": f"r[]: {to}",
            "pair": f'r: {{by: k, A: {to}, "B::b": {other}}}',
        }
        name = f"l{node.number}" if node.back else f"t{node.number}"
        ways = [text_of(way) for way in ways_of(world, node)]
        if node.back:
            lines += [
                f"  t{node.number}:",
                f"    subject: '{ways[0]}'",
                f"  {name}:",
                "    subject: who",
            ]
        else:
            lines += [f"  {name}:", "    subject:"]
            lines += [f"    - '{way}'" for way in dict.fromkeys(ways)]
        lines += ["    references:", f"      {states[node.kind]}"]
    lines += ["audiences:", "  staff: {who: {groups: [s], located: [EEA]}, sees: [public]}"]
    return "\n".join(lines)


def refers(node: Node, row: tuple[Value, str | None, int | None], half: str) -> list[int]:
    value, type_, _ = row
    if node.kind == "pair" and type_ != half:
        return []
    values = value if isinstance(value, tuple) else (value,)
    return [NOWHERE if isinstance(one, str) else one for one in values if one is not None]


def reach(world: World, row: int, way: list[tuple[Node, str]]) -> Reached:
    """Follow one way from a row (a subject's number where the way has ended)."""
    if not way:
        return frozenset({row}), False
    (node, half), *rest = way
    if node.back:
        links = [link for link in node.rows if row in refers(node, link, "A")]
        return frozenset(link[2] for link in links if link[2] is not None), False
    target = node.other if half == "B::b" else node.target
    there = 3 if target and world.nodes[target - 1].back else world.size(target)
    subjects, lost = frozenset[int](), False
    for to in refers(node, node.rows[row - 1], half):
        if to > there:
            lost = True
            continue
        found = reach(world, to, rest)
        subjects, lost = subjects | found[0], lost or found[1]
    return subjects, lost


def states_of(world: World) -> Iterator[tuple[TableName, int, int | None]]:
    """Tell each row's state; None for rows that are only somebody outside's."""
    for node in world.nodes:
        for row in range(1, 4 if node.back else len(node.rows) + 1):
            found = [reach(world, row, way) for way in ways_of(world, node)]
            homes = [world.homes[who - 1] for subjects, _ in found for who in subjects]
            inside = any(lost for _, lost in found) or any(home in INSIDE for home in homes)
            outside = any(home not in INSIDE for home in homes)
            state = (2 if outside else 1) if inside else (None if outside else 0)
            yield TableName("public", f"t{node.number}"), row, state


@pytest.fixture
def source(server: Server, new_database: NewDatabase) -> str:
    return server.dsn(new_database())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds())
def test_whose_rows_the_sql_and_the_model_tell_alike(world: World, source: str) -> None:
    run_sql(source, "drop schema public cascade; create schema public")
    run_sql(source, schema_of(world) + rows_of(world))
    with connect(source, what="the source") as connection:
        resolved = trace(parse(policy_of(world), "k.yaml"), read_catalog(connection))
        with connection.transaction(force_rollback=True):
            snapshot = take(connection, resolved, date(2026, 11, 27), lambda _done, _of: None)
            told: dict[tuple[TableName, int], int] = {}
            for shape in snapshot.traced():
                query = sql.SQL("select id, klover_state from {}").format(
                    temporary("member", shape.index)
                )
                told |= {(shape.name, row[0]): row[1] for row in connection.execute(query)}
    for table, row, state in states_of(world):
        assert told.get((table, row)) == state, (table, row)


@pytest.fixture
def sides(server: Server, new_database: NewDatabase) -> Sides:
    return Sides(source=server.dsn(new_database()), enclave=server.dsn(new_database()))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds())
def test_every_row_moves_whole_and_no_secret_of_it_stays(world: World, sides: Sides) -> None:
    for dsn in (sides.source, sides.enclave):
        run_sql(
            dsn,
            "drop schema if exists klover cascade; drop schema public cascade;"
            " create schema public",
        )
    sides.policy = policy_of(world)
    sides.fill(schema_of(world), rows_of(world))
    before = contents(sides.source)
    assert sides.migration().run().phase is Phase.SWEPT
    inside, outside = contents(sides.enclave), contents(sides.source)
    for table, row, state in states_of(world):
        secret = f"secret-{table}-{row}-x"
        (whole,) = [one for one in before[str(table)] if secret in one]
        comes = state in {1, 2}
        assert (whole in inside[str(table)]) == comes
        assert (whole in outside[str(table)]) == (not comes)
        assert any(secret in one for every in outside.values() for one in every) == (not comes)
