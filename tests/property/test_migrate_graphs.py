"""Random schemas with random people: whatever refers to whatever, the rules hold.

Every table has a key, a restricted text, a public text, and references to other tables (itself
included) that may be NULL or may not; its rows reach their subjects along one of them. Afterwards:
every inside row is inside in full, no restricted value of a person inside is outside, references
hold on both sides, and rows of people outside are untouched byte by byte.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from doubles.small_world import World, contents, rows, run_sql
from klover.migrate.phase import Phase
from klover.store.embedded import Server

pytestmark = pytest.mark.timeout(600)  # ten seconds on an idle host
NewDatabase = Callable[[], str]
HOMES = ("NO", "US", "de", "BR", None, "Atlantis")
INSIDE = {"NO", "de", None, "Atlantis"}


@dataclass(frozen=True, kw_only=True)
class Node:
    """A table: the first reference leads to its subject, others go anywhere before it."""

    number: int
    targets: tuple[int, ...]
    not_null: tuple[bool, ...]
    public: bool

    @property
    def name(self) -> str:
        return "t0" if self.number == 0 else f"t{self.number}"


@dataclass(frozen=True, kw_only=True)
class Graph:
    nodes: tuple[Node, ...]
    homes: tuple[str | None, ...]
    rows: tuple[tuple[tuple[int | None, ...], ...], ...]
    """For each node after the first, for each row, the row each reference points to."""


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(2, 5))
    homes = tuple(draw(st.lists(st.sampled_from(HOMES), min_size=2, max_size=6)))
    nodes = [Node(number=0, targets=(), not_null=(), public=draw(st.booleans()))]
    every: list[tuple[tuple[int | None, ...], ...]] = []
    sizes = [len(homes)]
    for number in range(1, count):
        targets = tuple(draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=3)))
        not_null = tuple(draw(st.booleans()) for _ in targets)
        nodes.append(
            Node(number=number, targets=targets, not_null=not_null, public=draw(st.booleans()))
        )
        size = draw(st.integers(0, 5))
        lines: list[tuple[int | None, ...]] = []
        for _ in range(size):
            line: list[int | None] = []
            for target, bound in zip(targets, not_null, strict=True):
                choices: list[int | None] = [*range(1, sizes[target] + 1)]
                choices += [] if bound else [None]
                if not choices:
                    break
                line.append(draw(st.sampled_from(choices)))
            if len(line) == len(targets):
                lines.append(tuple(line))
        sizes.append(len(lines))
        every.append(tuple(lines))
    return Graph(nodes=tuple(nodes), homes=homes, rows=tuple(every))


def schema_of(graph: Graph) -> str:
    parts = ["create table t0 (id int primary key, home text, secret text not null, shown text);"]
    for node in graph.nodes[1:]:
        references = "".join(
            f", r{at} int {'not null' if bound else ''} references t{target}"
            for at, (target, bound) in enumerate(zip(node.targets, node.not_null, strict=True))
        )
        parts.append(
            f"create table {node.name} "
            f"(id int primary key, secret text not null, shown text{references});"
        )
    return "\n".join(parts)


def rows_of(graph: Graph) -> str:
    parts = []
    for number, home in enumerate(graph.homes, 1):
        value = "null" if home is None else f"'{home}'"
        parts.append(
            f"insert into t0 values ({number}, {value}, 'secret-0-{number}-x', 's0{number}');"
        )
    for node, lines in zip(graph.nodes[1:], graph.rows, strict=True):
        for number, line in enumerate(lines, 1):
            references = "".join(f", {'null' if to is None else to}" for to in line)
            parts.append(
                f"insert into {node.name} values ({number}, 'secret-{node.number}-{number}-x',"
                f" 's{node.number}{number}'{references});"
            )
    return "\n".join(parts)


def policy_of(graph: Graph) -> str:
    lines = [
        "klover: 1",
        "enclave: europe",
        "rests_in: [EEA]",
        "stays_outside: [interoperable, public]",
    ]
    lines += ["subjects: {table: t0, key: id, home: home, inside: [EEA]}", "tables:"]
    for node in graph.nodes:
        lines.append(f"  {node.name}:")
        if node.number:
            way, at = ["r0"], graph.nodes[node.number].targets[0]
            while at:
                way.append("r0")
                at = graph.nodes[at].targets[0]
            lines.append(f"    subject: {'.'.join(way)}")
        if node.public:
            lines += ["    public_rows: id % 2 = 0"]
        columns = ["id: interoperable", "secret: restricted", "shown: public"]
        columns += [f"r{at}: interoperable" for at in range(len(node.targets))]
        columns += [] if node.number else ["home: interoperable"]
        lines.append(f"    columns: {{{', '.join(columns)}}}")
    lines += ["audiences:", "  staff: {who: {groups: [s], located: [EEA]}, sees: [public]}"]
    return "\n".join(lines)


def owners(graph: Graph) -> dict[tuple[int, int], int | None]:
    """Tell the subject of every row by following the first references; None is nobody."""
    found: dict[tuple[int, int], int | None] = {}
    for number in range(1, len(graph.homes) + 1):
        found[0, number] = number
    for node, lines in zip(graph.nodes[1:], graph.rows, strict=True):
        for number, line in enumerate(lines, 1):
            to = line[0]
            found[node.number, number] = None if to is None else found[node.targets[0], to]
    return found


def orphans(dsn: str, graph: Graph) -> int:
    return sum(
        rows(
            dsn,
            f"select count(*) from {node.name} a left join t{target} b on b.id = a.r{at}"
            f" where a.r{at} is not null and b.id is null",
        )[0][0]
        for node in graph.nodes
        for at, target in enumerate(node.targets)
    )


@pytest.fixture
def graph_world(server: Server, new_database: NewDatabase) -> World:
    return World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))


def clear(world: World) -> None:
    for dsn in (world.source, world.enclave):
        run_sql(
            dsn,
            "drop schema if exists klover cascade; drop schema public cascade;"
            " create schema public",
        )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(graph=graphs())
def test_the_rules_hold_for_any_schema(graph: Graph, graph_world: World) -> None:
    world = graph_world
    clear(world)
    world.policy = policy_of(graph)
    world.fill(schema_of(graph), rows_of(graph))
    before = contents(world.source)
    outcome = world.migration().run()
    assert outcome.phase is Phase.SWEPT
    inside, outside = contents(world.enclave), contents(world.source)
    owner = owners(graph)
    for (table, number), subject in owner.items():
        name = f"t{table}"
        (whole,) = [row for row in before[name] if f",secret-{table}-{number}-x," in row]
        at_home = subject is not None and graph.homes[subject - 1] in INSIDE
        secret = f"secret-{table}-{number}-x"
        assert (whole in inside[name]) == at_home
        assert (whole in outside[name]) == (not at_home)
        assert any(secret in row for rows_ in outside.values() for row in rows_) == (not at_home)
    assert orphans(world.source, graph) == orphans(world.enclave, graph) == 0
