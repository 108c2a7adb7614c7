"""The SQL that doors make values coarse with, and that of the proof, held against the reference."""

import math
import struct
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import psycopg
import pytest
from psycopg import sql

from klover.catalog import Column
from klover.door.coarse import coarse as written
from klover.door.expect.values import _coarse
from klover.policy import country
from klover.policy.coarsen import coarse, misfit, read_coarsen
from klover.policy.neutral import bare_type
from klover.store.connect import connect
from klover.store.embedded import Server

_PLUS_9 = timezone(timedelta(hours=9))
_DAYS = [date(1, 1, 1), date(1900, 3, 1), date(2024, 2, 29), date(2026, 12, 31), date(9999, 12, 31)]
_PLAIN = [datetime(d.year, d.month, d.day, 23, 59, 59, 999_999) for d in _DAYS]  # noqa: DTZ001
_ZONED = [
    datetime(2025, 12, 31, 20, tzinfo=UTC),
    datetime(2026, 1, 1, 8, 59, 59, tzinfo=_PLUS_9),
    datetime(2026, 3, 1, 9, tzinfo=_PLUS_9),
    datetime(1969, 12, 31, 23, tzinfo=UTC),
]
_TEXTS = [
    "",
    " ",
    "x",
    "Ireland",
    "IRELAND ",
    "  uk",
    "EL",
    "u.s.",
    "Côte d'Ivoire",
    "cote_d\u2019ivoire",
    "Österreich",
    "türkiye",
    "España",
    "Ελλάδα",
    "Россия",
    "Atlantis",
    "Europe",
    "NO",
    "GBR",
    "12345",
    "😀😀😀",
    "a\u0301bc",
    "x" * 300,
]
_NUMBERS: dict[str, list[Any]] = {
    "smallint": [0, 1, -1, 9, 10, -10, 2**15 - 1, -(2**15)],
    "integer": [0, 37, -37, 2**31 - 1, -(2**31)],
    "bigint": [0, 10**18 + 7, -(10**18) - 7, 2**63 - 1, -(2**63)],
    "numeric": [
        Decimal(each)
        for each in (
            "0",
            "0.5",
            "-0.5",
            "9.99999999999999999999999999",
            "1E+30",
            "-1E+30",
            "NaN",
            "Infinity",
            "-Infinity",
            "123456789.123456789",
        )
    ],
    "numeric(6,2)": [Decimal("9999.99"), Decimal("-9999.99"), Decimal("0.01")],
    "double precision": [
        0.0,
        0.1,
        -0.1,
        1e15 + 0.5,
        -1e15,
        1e299,
        1e301,
        -1e301,
        math.inf,
        -math.inf,
        math.nan,
        19.99,
    ],
    "real": [0.0, 0.5, -0.5, 1e10, math.inf, -math.inf, math.nan, 3.402e38, -3.402e38, 1e37],
}
CASES: list[tuple[str, str, list[Any]]] = [
    *((way, "date", list(_DAYS)) for way in ("year", "month")),
    *((way, "timestamp without time zone", list(_PLAIN)) for way in ("year", "month")),
    *((way, "timestamp(0) without time zone", list(_PLAIN[1:3])) for way in ("year", "month")),
    *((way, "timestamp with time zone", list(_ZONED)) for way in ("year", "month")),
    *((way, "timestamp(3) with time zone", list(_ZONED)) for way in ("year", "month")),
    (
        "network",
        "inet",
        [
            ip_address("10.20.30.40"),
            ip_interface("10.20.30.40/8"),
            ip_interface("10.20.30.40/30"),
            ip_address("2001:db8:1:2::3"),
            ip_interface("2001:db8:1:2::3/33"),
            ip_address("::ffff:10.1.2.3"),
        ],
    ),
    (
        "network",
        "cidr",
        [
            ip_network("10.20.30.0/28"),
            ip_network("10.0.0.0/8"),
            ip_network("2001:db8:1:2::/64"),
            ip_network("0.0.0.0/0"),
        ],
    ),
    *(
        ("region", kind, list(_TEXTS))
        for kind in ("text", "character varying", "character varying(400)")
    ),
    ("region", "character(2)", ["IE", "us", "zz", "no"]),
    ("region", "character varying(2)", ["IE", "us", "zz"]),
    *((f"first {n}", "text", list(_TEXTS)) for n in (1, 3, 32)),
    ("first 3", "character varying(10)", ["", "12", "1234567890"]),
    *(
        (f"round {n}", kind, values)
        for kind, values in _NUMBERS.items()
        for n in (1, 7, 10, 999_999_999)
    ),
]


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with connect(server.dsn(), what="the test server") as opened:
        opened.execute("set timezone to 'America/New_York'")  # what is shown may not depend on it
        yield opened


def same(made: object, expected: object, kind: str) -> bool:
    if isinstance(made, float | Decimal) and isinstance(expected, float | Decimal):
        if math.isnan(made) or math.isnan(expected):
            return math.isnan(made) and math.isnan(expected)
        if kind == "real":  # written in as few digits as tell it apart
            return struct.pack("f", made) == struct.pack("f", expected)
    return made == expected


@pytest.mark.parametrize(
    ("way", "kind", "values"), CASES, ids=[f"{way}, {kind}" for way, kind, _ in CASES]
)
def test_the_server_does_what_the_reference_does(
    connection: psycopg.Connection[Any], way: str, kind: str, values: list[Any]
) -> None:
    coarsen = read_coarsen(way)
    assert coarsen is not None
    column = Column(name="v", ordinal=1, type=kind, type_kind="b", base_type=kind)
    assert misfit(coarsen, column) is None
    query = sql.SQL(
        "select {}, pg_typeof({})::text, {} from (select %s::text::{} as v) as t"
    ).format(
        written(coarsen, column, sql.Identifier("v")),
        written(coarsen, column, sql.Identifier("v")),
        sql.SQL(_coarse(coarsen, column, "t.v")),
        sql.SQL(kind),
    )
    for value in [*values, None]:
        row = connection.execute(query, (None if value is None else _text(value),)).fetchone()
        assert row is not None
        stored = connection.execute(
            sql.SQL("select %s::text::{}").format(sql.SQL(kind)),
            (None if value is None else _text(value),),
        ).fetchone()
        assert stored is not None
        expected = coarse(coarsen, bare_type(kind), stored[0])
        assert same(row[0], expected, kind), (value, row[0], expected)
        assert same(row[2], expected, kind), (value, row[2], expected)
        assert row[1] == bare_type(kind), "the type is kept"


EDGES: list[tuple[str, str, dict[str, str]]] = [
    (
        "year",
        "date",
        {
            "infinity": "infinity",
            "-infinity": "-infinity",
            "0044-03-15 BC": "0044-01-01 BC",
            "0001-12-31 BC": "0001-01-01 BC",
            "4713-11-24 BC": "-infinity",  # the first day there is
            "4001-12-31 BC": "-infinity",
            "5874897-12-31": "5874897-01-01",  # the last
        },
    ),
    ("month", "date", {"0044-03-15 BC": "0044-03-01 BC", "5874897-12-31": "5874897-12-01"}),
    (
        "month",
        "timestamp without time zone",
        {
            "infinity": "infinity",
            "-infinity": "-infinity",
            "0044-03-15 12:00 BC": "0044-03-01 00:00:00 BC",
            "4713-11-24 00:00 BC": "-infinity",
            "294276-12-31 23:59:59.999999": "294276-12-01 00:00:00",
        },
    ),
    (
        "year",
        "timestamp with time zone",
        {
            "infinity": "infinity",
            "-infinity": "-infinity",
            "0044-03-15 12:00+00 BC": "0044-01-01 00:00:00+00 BC",
            "294276-12-31 23:59:59.999999+00": "294276-01-01 00:00:00+00",
            "2026-01-01 00:30:00+14": "2025-01-01 00:00:00+00",
        },
    ),
    (
        "round 10",
        "numeric",
        {
            "123.4500": "120",  # nor how many digits it was written with
            "-0.000": "0",
            "-0.001": "-10",
            "-" + "9" * 131_072: "-Infinity",
            "9" * 131_072: "Infinity",
            "0." + "9" * 16_383: "0",
        },
    ),
    ("round 1", "numeric(8,4)", {"-9999.9999": "-10000", "0.0001": "0"}),
    ("round 7", "double precision", {"-0": "0", "5e-324": "0", "-5e-324": "-7"}),
    ("round 7", "real", {"1e-45": "0", "-1e-45": "-7"}),
    ("round 5", "smallint", {"-32768": "-32768", "-32766": "-32768"}),
    (
        "network",
        "inet",
        {
            "::ffff:10.1.2.3": "::/48",
            "::1": "::/48",
            "255.255.255.255": "255.255.255.0/24",
            "10.1.2.3/0": "0.0.0.0/0",
        },
    ),
    ("network", "cidr", {"::ffff:10.1.2.3/128": "::/48", "10.1.2.3/32": "10.1.2.0/24"}),
    (
        "first 3",
        "text",
        {"żółw": "żół", "日本語文": "日本語", "a\u0301bcd": "a\u0301b", "  x y": "  x"},
    ),
    ("first 3", "character(10)", {"a": "a", "abcd": "abc", " bc d": " bc"}),
    ("first 2", "citext", {"ÄBC": "ÄB"}),
    ("region", "citext", {"IRELAND": "Europe", "ireland": "Europe"}),
    ("region", "text", {"x" * 10_000_000: "", "\u200b": "", "🇮🇪": ""}),
]


@pytest.mark.parametrize(
    ("way", "kind", "edges"), EDGES, ids=[f"{way}, {kind}" for way, kind, _ in EDGES]
)
def test_edges_that_no_value_of_python_reaches(
    connection: psycopg.Connection[Any], way: str, kind: str, edges: dict[str, str]
) -> None:
    coarsen = read_coarsen(way)
    assert coarsen is not None
    column = Column(name="v", ordinal=1, type=kind, type_kind="b", base_type=kind)
    assert misfit(coarsen, column) is None
    query = sql.SQL("select ({})::text, ({})::text from (select %s::text::{} as v) as t").format(
        written(coarsen, column, sql.Identifier("v")),
        sql.SQL(_coarse(coarsen, column, "t.v")),
        sql.SQL(kind),
    )
    with connection.transaction(force_rollback=True):
        if kind == "citext":
            try:
                connection.execute("create extension citext")
            except psycopg.errors.FeatureNotSupported:
                pytest.skip("needs citext, which the embedded server lacks")
        connection.execute("set local timezone to 'UTC'")
        for value, expected in edges.items():
            told = connection.execute(query, (value,)).fetchone()
            assert told == (expected or None, expected or None), value[:40]


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def test_every_spelling_of_every_country(connection: psycopg.Connection[Any]) -> None:
    coarsen = read_coarsen("region")
    assert coarsen is not None
    column = Column(name="v", ordinal=1, type="text", type_kind="b", base_type="text")
    query = sql.SQL("select v, {} from unnest(%s::text[]) as v").format(
        written(coarsen, column, sql.Identifier("v"))
    )
    known = sorted(country.spellings())
    spelled = [*known, *(name.upper() for name in known), *(name.title() for name in known)]
    rows = connection.execute(query, (spelled,)).fetchall()
    wrong = [(v, made) for v, made in rows if made != coarse(coarsen, "text", v)]
    assert wrong == []
    assert len(rows) == len(spelled)
