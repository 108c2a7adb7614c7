"""Random policies over the small video application, and changes of them, for property tests.

``CHANGES`` draws a pair: a policy, and the same with one to three parts drawn anew. Two policies
drawn apart from each other would almost never differ in one direction only. What entries leave out
is decided by patterns, where some are drawn.
"""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from doubles.catalogs import POLICY, videos
from klover.policy.admission import Amount, Claim, Limits, Window
from klover.policy.model import (
    Audience,
    Coarsen,
    Coarsening,
    ColumnRule,
    DataClass,
    Defaults,
    Identifiers,
    Identifies,
    Network,
    Never,
    Policy,
    Region,
    Requires,
    Rows,
    TableRule,
)
from klover.policy.parse import parse
from klover.policy.rules import ColumnDefault, TableDefault

EXAMPLE = parse(POLICY, "k.yaml")
CATALOG = videos()
_PLACES = ["EEA", "EU", "adequate", "GB", "CH", "US", "CN", "IE"]

REGIONS = st.one_of(
    st.just(Region(everywhere=True)),
    st.builds(
        lambda names, negated: Region(names=tuple(names), negated=negated),
        st.lists(st.sampled_from(_PLACES), min_size=1, max_size=3, unique=True),
        st.booleans(),
    ),
)
NAMED = st.lists(st.sampled_from(_PLACES), min_size=1, max_size=3, unique=True).map(
    lambda names: Region(names=tuple(names))
)
REQUIRES = st.builds(
    Requires,
    purposes=st.sampled_from([(), ("abuse",), ("abuse", "legal"), ("legal",)]),
    reference=st.sampled_from([None, "CASE-[0-9]+", "[A-Z]+"]),
    approvals=st.sampled_from([0, 0, 0, 1]),
    expires=st.sampled_from([None, timedelta(hours=1), timedelta(hours=8)]),
    hours=st.lists(
        st.builds(
            lambda days, begins, ends, zone: Window(
                days=days, begins=begins, ends=ends, zone=zone, text="some hours"
            ),
            st.sampled_from([frozenset(range(5)), frozenset({4}), frozenset({3})]),
            st.sampled_from([480, 560]),
            st.sampled_from([600, 1080]),
            st.sampled_from(["Europe/Dublin", "UTC"]),
        ),
        max_size=2,
    ).map(tuple),
)
ADDRESSES = st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/9", "10.128.0.0/9"])
CLAIMS = st.dictionaries(
    st.sampled_from(["a", "b"]), st.sampled_from([("x",), ("x", "y")]), max_size=2
).map(lambda found: tuple(Claim(name=name, values=values) for name, values in found.items()))
AMOUNTS = st.builds(Amount, rows=st.sampled_from([None, 10, 100]))


def audiences(name: str) -> st.SearchStrategy[Audience]:
    return st.builds(
        Audience,
        name=st.just(name),
        groups=st.sampled_from([("g",), ("g", "h"), ("h",)]),
        located=REGIONS,
        sees=st.frozensets(st.sampled_from(DataClass), min_size=1),
        identifiers=st.sampled_from(Identifiers),
        requires=REQUIRES,
        claims=CLAIMS,
        networks=st.lists(ADDRESSES.map(ip_network), max_size=2, unique=True).map(tuple),
        limits=st.builds(Limits, session=AMOUNTS, day=AMOUNTS),
    )


COLUMNS = st.one_of(
    st.none(),
    st.builds(
        lambda data_class, identifies: ColumnRule(
            data_class=data_class,
            identifies=identifies or Identifies.DIRECTLY,
            identifies_stated=identifies is not None,
            declared=True,
        ),
        st.sampled_from(DataClass),
        st.sampled_from([None, *Identifies]),
    ),
)
NETWORKS = st.lists(
    st.builds(
        lambda text, names: Network(range=ip_network(text), where=Region(names=tuple(names))),
        st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/9", "10.128.0.0/9", "10.1.1.0/24"]),
        st.lists(st.sampled_from(["IE", "CN", "EEA"]), min_size=1, max_size=2, unique=True),
    ),
    max_size=3,
    unique_by=lambda network: network.range,
).map(tuple)
NEAR = tuple(
    Network(range=ip_network(text), where=Region(names=(name,)))
    for text, name in (("10.0.0.0/8", "IE"), ("10.1.0.0/16", "CN"), ("10.1.1.0/24", "EEA"))
)
NEVERS = st.lists(
    st.builds(
        Never,
        located=REGIONS,
        sees=st.frozensets(st.sampled_from(DataClass)),
        identifiers=st.sampled_from([None, Identifiers.CLEAR]),
    ),
    max_size=2,
).map(tuple)


BY_PATTERN = {
    "lan*": next(rule for name, rule in EXAMPLE.tables.items() if name.name == "languages"),
    "fol*": next(rule for name, rule in EXAMPLE.tables.items() if name.name == "follows"),
}
"""Rules of tables that need no entry where there are defaults."""
PATTERNS = st.lists(
    st.tuples(
        st.sampled_from(["*", "*_id", "title", "videos.*", "languages.*", "f*.*_id", "countr?"]),
        COLUMNS,
    ),
    max_size=3,
    unique_by=lambda pair: pair[0],
)


def defaults(found: list[tuple[str, ColumnRule | None]]) -> Defaults:
    return Defaults(
        tables=tuple(
            TableDefault(pattern=pattern, rule=replace(rule, columns={}))
            for pattern, rule in BY_PATTERN.items()
        ),
        columns=tuple(ColumnDefault(pattern=pattern, rule=rule) for pattern, rule in found if rule),
    )


OUTSIDE = st.sampled_from(list(DataClass)[1:])
"""What may stay outside."""


_TEN, _TWENTY = (Coarsen(by=Coarsening.ROUND, argument=step) for step in (10, 20))
_ONE, _TWO = (Coarsen(by=Coarsening.FIRST, argument=length) for length in (1, 2))
COARSE = {"bigint": (_TEN, _TWENTY), "text": (_ONE, _TWO)}
FINER: dict[Coarsen | None, tuple[Coarsen, ...]] = {
    _TWENTY: (_TWENTY, _TEN),
    _TEN: (_TEN,),
    _ONE: (_ONE, _TWO),
    _TWO: (_TWO,),
}
"""From what a coarse value can be made."""


@st.composite
def _tables(draw: st.DrawFn, rule: TableRule) -> TableRule:
    columns = {}
    for column in CATALOG.tables[rule.name].columns:
        drawn = draw(COLUMNS)
        if drawn is None:
            continue
        fitting = COARSE[column.type] if column.type_kind == "b" else ()
        if drawn.identifies_stated and drawn.identifies is Identifies.INDIRECTLY:
            drawn = replace(drawn, coarsen=draw(st.sampled_from((None, *fitting))))
        columns[column.name] = drawn
    rows = Rows.NONE if rule.shared else draw(st.sampled_from(Rows))
    return replace(
        rule,
        columns=columns,
        public_rows=rows,
        predicate=draw(st.sampled_from(["id > 0", "id > 1"])) if rows is Rows.PREDICATE else None,
        hangs_off=None if rule.shared else draw(st.sampled_from([(), rule.hangs_off])),
    )


@st.composite
def _changed(draw: st.DrawFn, policy: Policy) -> Policy:
    """Draw one part anew."""
    part = draw(st.sampled_from(["audience", "column", "column", "rows", "rows", "table", "whole"]))
    if part == "audience":
        name = draw(st.sampled_from(["a", "b"]))
        people = {**policy.audiences, name: draw(audiences(name))}
        if draw(st.booleans()) and len(people) > 1:
            old = policy.audiences.get(name)
            field = draw(st.sampled_from(["located", "claims", "networks", "requires", "limits"]))
            drawn = getattr(people[name], field)
            people[name] = people[name] if old is None else replace(old, **{field: drawn})
        return replace(policy, audiences=people)
    if part in {"table", "column", "rows"}:
        table = draw(st.sampled_from(sorted(policy.tables)))
        drawn = draw(_tables(policy.tables[table]))
        if part == "rows":
            rows = (drawn.public_rows, drawn.predicate, drawn.hangs_off)
            drawn = replace(
                policy.tables[table], public_rows=rows[0], predicate=rows[1], hangs_off=rows[2]
            )
        if part == "column" and drawn.columns:
            column = draw(st.sampled_from(sorted(drawn.columns)))
            columns = {**policy.tables[table].columns, column: drawn.columns[column]}
            drawn = replace(policy.tables[table], columns=columns)
        return replace(policy, tables={**policy.tables, table: drawn})
    return replace(policy, **draw(_whole()))


@st.composite
def _whole(draw: st.DrawFn) -> dict[str, Any]:
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "rests_in": NAMED,
        "networks": NETWORKS,
        "nevers": NEVERS,
        "stays_outside": st.frozensets(OUTSIDE),
        "subjects": REGIONS.map(lambda region: replace(EXAMPLE.subjects, inside=region)),
    }
    name = draw(st.sampled_from(sorted(strategies)))
    return {name: draw(strategies[name])}


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a whole policy over the example's tables."""
    tables = {name: draw(_tables(rule)) for name, rule in EXAMPLE.tables.items()}
    names = draw(st.sampled_from([["a"], ["a", "b"]]))
    patterns = draw(st.one_of(st.none(), PATTERNS))
    if patterns is not None and draw(st.booleans()):
        tables = {
            name: replace(rule, columns={})
            for name, rule in tables.items()
            if name.name not in {"languages", "follows"}
        }
    policy = replace(
        EXAMPLE,
        tables=tables,
        defaults=Defaults() if patterns is None else defaults(patterns),
        audiences={name: draw(audiences(name)) for name in names},
        rests_in=draw(NAMED),
    )
    for _ in range(2):
        policy = replace(policy, **draw(_whole()))
    return policy


@st.composite
def changes(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw a policy and a change of it."""
    old = draw(policies())
    new = old
    for _ in range(draw(st.integers(1, 2))):
        new = draw(_changed(new))
    return old, new


@st.composite
def promises(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw a policy all of whose columns stand in patterns, and another promise in it."""
    drawn = draw(policies())
    patterns = PATTERNS.filter(lambda found: all(pattern != "*" for pattern, _ in found))
    bare = {name: replace(rule, columns={}) for name, rule in drawn.tables.items()}
    old = replace(drawn, tables=bare, defaults=defaults(draw(patterns)))
    name = draw(st.sampled_from(sorted(old.audiences)))
    other = draw(audiences(name))
    field = draw(st.sampled_from(["sees", "identifiers", "stays_outside"]))
    if field == "stays_outside":
        return old, replace(old, stays_outside=draw(st.frozensets(OUTSIDE)))
    changed = replace(old.audiences[name], **{field: getattr(other, field)})
    return old, replace(old, audiences={**old.audiences, name: changed})


@st.composite
def entries(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Draw a policy with one audience that asks for one thing, and the same asking otherwise."""
    open_to_all = Audience(
        name="a",
        groups=("g",),
        located=Region(everywhere=True),
        sees=frozenset({DataClass.PUBLIC}),
    )
    field = draw(st.sampled_from(["groups", "located", "claims", "networks", "requires", "limits"]))
    found = []
    for _ in range(2):
        drawn = replace(open_to_all, **{field: getattr(draw(audiences("a")), field)})
        found.append(replace(EXAMPLE, audiences={"a": drawn}, networks=NEAR))
    return found[0], found[1]
