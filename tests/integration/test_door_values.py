"""Coarse values and parts of JSON as Postgres computes them, held against tables and properties."""

import json
from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from ipaddress import ip_interface
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings, strategies as st
from psycopg import sql

from klover.catalog import Column
from klover.door.coarse import coarse
from klover.door.expect.values import _coarse, _parts
from klover.door.parts import parts
from klover.policy import coarsen as reference, country
from klover.policy.model import Coarsen, Coarsening
from klover.policy.resolved import PartSight
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

SLOW = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def values(server: Server) -> Iterator[Connection]:
    with connect(server.dsn(), what="the test server") as connection:
        yield connection


def column(kind: str) -> Column:
    base = kind.partition("(")[0] if "(" in kind and kind.startswith("numeric") else kind
    return Column(name="v", ordinal=1, type=kind, type_kind="b", base_type=base)


def ask(connection: Connection, made: sql.Composable, kind: str, value: object) -> object:
    query = sql.SQL("select {}, pg_typeof({})::text from (select {}::{} as v) as r").format(
        made, made, sql.Literal(value), sql.SQL(kind)
    )
    row = connection.execute(query.as_string(connection).encode()).fetchone()
    assert row is not None
    return row[0] if row[0] is None else str(row[0])


def _within(address: Any) -> st.SearchStrategy[Any]:
    bits = st.integers(0, address.max_prefixlen)
    return bits.map(lambda found: ip_interface(f"{address}/{found}"))


CASES = (
    ("year", "date", "1984-02-29", "1984-01-01"),
    ("month", "date", "1984-02-29", "1984-02-01"),
    ("month", "date", "0044-03-15 BC", "0044-03-01 BC"),
    ("year", "date", "infinity", "infinity"),
    ("year", "date", "4713-11-24 BC", "-infinity"),
    ("year", "date", "5874897-12-31", "5874897-01-01"),
    ("year", "timestamp without time zone", "2026-11-27 08:30:00.5", "2026-01-01 00:00:00"),
    ("year", "timestamp without time zone", "4713-11-24 00:00 BC", "-infinity"),
    ("month", "timestamp with time zone", "2026-03-01 00:30:00+02", "2026-02-01 00:00:00+00"),
    ("network", "inet", "203.0.113.77", "203.0.113.0/24"),
    ("network", "inet", "203.0.113.77/16", "203.0.0.0/16"),
    ("network", "inet", "2001:db8:1:2::7", "2001:db8:1::/48"),
    ("network", "cidr", "10.0.0.0/8", "10.0.0.0/8"),
    ("network", "cidr", "10.1.2.3/32", "10.1.2.0/24"),
    ("round 10", "integer", "17", "10"),
    ("round 10", "integer", "-17", "-20"),
    ("round 10", "smallint", "-32768", "-32768"),
    ("round 100000", "smallint", "-1", "-32768"),
    ("round 3", "bigint", "9223372036854775807", "9223372036854775806"),
    ("round 3", "bigint", "-9223372036854775808", "-9223372036854775808"),
    ("round 5", "numeric(6,2)", "-9999.99", "-10000"),
    ("round 5", "numeric", "NaN", "NaN"),
    ("round 5", "numeric", "-Infinity", "-Infinity"),
    ("round 2", "double precision", "-3.5", "-4"),
    ("round 2", "double precision", "NaN", "NaN"),
    ("round 208", "double precision", "-5e-324", "-208"),
    ("round 208", "double precision", "5e-324", "0"),
    ("round 208", "real", "-1e-45", "-208"),
    ("round 3", "double precision", "-1.7976931348623157e308", "-Infinity"),
    ("round 7", "real", "-3.4028234e38", "-Infinity"),
    ("first 3", "text", "Ålesund", "Åle"),
    ("first 3", "character varying", "ab", "ab"),
    ("first 2", "character", "x", "x"),
    ("region", "text", "Norge", "Europe"),
    ("region", "text", "  SWEDEN ", "Europe"),
    ("region", "text", "côte d\u2019ivoire", "Africa"),
    ("region", "text", "cote-d'IVOIRE", "Africa"),
    ("region", "text", "ΕΛΛΆΔΑ", "Europe"),
    ("region", "text", "XX", None),
    ("region", "text", "x" * 300, None),
    ("region", "text", "", None),
)


@pytest.mark.parametrize(("how", "kind", "value", "wanted"), CASES)
def test_a_coarse_value(
    values: Connection, how: str, kind: str, value: str, wanted: str | None
) -> None:
    by, _, argument = how.partition(" ")
    coarsen = Coarsen(by=Coarsening(by), argument=int(argument) if argument else None)
    made = sql.SQL("({})::text").format(coarse(coarsen, column(kind), sql.SQL("r.v")))
    values.execute("set timezone = 'UTC'")
    told = ask(values, made, kind, value)
    assert told == wanted
    assert ask(values, made, kind, None) is None
    text = coarse(coarsen, column(kind), sql.SQL("r.v")).as_string(None)
    again = _coarse(coarsen, column(kind), "r.v")
    assert plan(values, kind, text) == plan(values, kind, again)


def plan(connection: Connection, kind: str, text: str) -> list[Any]:
    """Tell what Postgres makes of an expression: two that are planned alike are alike."""
    with connection.transaction(force_rollback=True):
        connection.execute(f"create temp table r (v {kind})".encode())
        return connection.execute(
            f"explain (verbose, costs off) select {text} from r".encode()
        ).fetchall()


STEPS = st.integers(1, 10**9 - 1).map(lambda n: Coarsen(by=Coarsening.ROUND, argument=n))
TIMES = st.sampled_from([Coarsen(by=Coarsening.YEAR), Coarsen(by=Coarsening.MONTH)])
FIRST = st.integers(1, 32).map(lambda n: Coarsen(by=Coarsening.FIRST, argument=n))
NETWORK = st.just(Coarsen(by=Coarsening.NETWORK))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=14))])
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
DRAWN: dict[str, tuple[st.SearchStrategy[Coarsen], st.SearchStrategy[Any]]] = {
    "smallint": (STEPS, st.integers(-(2**15), 2**15 - 1)),
    "integer": (STEPS, st.integers(-(2**31), 2**31 - 1)),
    "bigint": (STEPS, st.integers(-(2**63), 2**63 - 1)),
    "numeric": (STEPS, st.decimals(min_value=-(10**12), max_value=10**12, places=3)),
    "double precision": (STEPS, st.floats(-1e15, 1e15).filter(lambda x: x == 0 or abs(x) > 1e-30)),
    "date": (TIMES, st.dates()),
    "timestamp without time zone": (TIMES, st.datetimes()),
    "timestamp with time zone": (
        TIMES, st.datetimes(timezones=ZONES).filter(lambda at: 1 < at.year < 9998),
    ),
    "inet": (NETWORK, st.ip_addresses().flatmap(_within)),
    "cidr": (NETWORK, st.ip_addresses().flatmap(_within).map(lambda found: found.network)),
    "text": (FIRST, TEXT),
    "character varying": (FIRST, TEXT),
}  # fmt: skip


@pytest.mark.parametrize("kind", DRAWN)
@SLOW
@given(data=st.data())
def test_sql_and_reference_agree(values: Connection, kind: str, data: st.DataObject) -> None:
    how, some = DRAWN[kind]
    coarsen, value = data.draw(how), data.draw(some)
    made = coarse(coarsen, column(kind), sql.SQL("r.v"))
    query = sql.SQL("select {} from (select %s::{} as v) as r").format(made, sql.SQL(kind))
    values.execute("set timezone = 'UTC'")
    (found,) = values.execute(query, (value,)).fetchone() or ("",)
    assert found == reference.coarse(coarsen, kind, value)


@SLOW
@given(
    st.one_of(
        st.sampled_from(sorted(country.spellings())),
        TEXT,
        st.sampled_from(
            ["Österreich", "ÖSTERREICH", "México", "Česko", "TÜRKİYE", "ÍSLAND", "\u65e5\u672c"]
        ),
    ),
    st.sampled_from([str, str.upper, str.title, str.swapcase]),
    st.sampled_from(["", " ", "\u00a0", "-"]),
)
def test_a_region_is_the_countrys(values: Connection, text: str, case: Any, around: str) -> None:
    spelled = around + case(text) + around
    region = Coarsen(by=Coarsening.REGION)
    found = ask(values, coarse(region, column("text"), sql.SQL("r.v")), "text", spelled)
    assert found == reference.coarse(region, "text", spelled)


def model(sights: list[PartSight], value: Any) -> Any:
    """Tell by hand what of a value is shown; a missing part is ``...``."""
    said = {sight.path: sight.shown for sight in sights}

    def look(path: tuple[str, ...], at: Any, *, shown: bool) -> Any:
        shown = said.get(path, shown)
        deeper = [p for p in said if p[: len(path)] == path and p != path]
        if shown and all(said[p] for p in deeper):
            return at
        if not isinstance(at, dict) or not (shown or any(said[p] for p in deeper)):
            return ...
        found = {name: look((*path, name), one, shown=shown) for name, one in at.items()}
        kept = {name: one for name, one in found.items() if one is not ...}
        return kept if kept or shown or not path else ...

    told = look((), value, shown=False)
    return None if told is ... else told


NAMES = st.sampled_from(["a", "b", 'q"\\', "é,{}", "0", "", "NULL", "null"])
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "x", "secret", "\\u"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
PATHS = (
    st.dictionaries(st.lists(NAMES, max_size=3).map(tuple), st.booleans(), min_size=1, max_size=6)
    .filter(lambda found: any(found.values()))
    .map(
        lambda found: [
            PartSight(path=p, shown=found[p]) for p in sorted(found, key=lambda p: (len(p), p))
        ]
    )
)


MANY = ["a", "b", 'q"\\', "é,{}", "0", "", "NULL", "null", "m"]


@SLOW
@given(sights=PATHS, value=JSON, kind=st.sampled_from(["json", "jsonb"]))
@example(
    sights=[PartSight(path=(name,), shown=True) for name in MANY],
    value={name: None if name == "b" else name for name in (*MANY, "secret") if name != "0"},
    kind="jsonb",
)
def test_the_parts_of_a_document(
    values: Connection, sights: list[PartSight], value: Any, kind: str
) -> None:
    made = parts(sights, column(kind), sql.SQL("r.v"))
    found = ask(values, sql.SQL("({})::text").format(made), kind, json.dumps(value))
    wanted = model(sights, value)
    assert (json.loads(str(found)) if found is not None else None) == wanted
    again = _parts(sights, column(kind), "r.v")
    assert plan(values, kind, made.as_string(None)) == plan(values, kind, again)


ODD = (
    r'{"a": "\u0000"}', r'{"a": "\ud83d"}', r'{"a": 1e999999}', '{"a": ' + "9" * 2000 + "}",
    r'{"a": "\ude00\ud83d"}', r'{"a": "\ud83d\\\ude00"}', r'{"\u0000": 1, "a": 2}',
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_what_jsonb_would_refuse_is_withheld_without_a_word(values: Connection, text: str) -> None:
    made = parts([PartSight(path=("a",), shown=True)], column("json"), sql.SQL("r.v"))
    assert ask(values, made, "json", text) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (r'{"a": "\ud83d\ude00"}', '{"a": "\U0001f600"}'),
        (r'{"a": "\\u0000"}', r'{"a": "\\u0000"}'),
        ('{"a": 1, "a": 2, "b": 3}', '{"a": 2}'),
        ('[{"a": 1}]', None),
        ('"a"', None),
        ("null", None),
    ],
)
def test_what_json_may_hold(values: Connection, text: str, wanted: str | None) -> None:
    made = parts([PartSight(path=("a",), shown=True)], column("json"), sql.SQL("r.v"))
    assert ask(values, sql.SQL("({})::text").format(made), "json", text) == wanted
