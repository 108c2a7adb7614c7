"""Coarse values: what each transform does, what always holds of it, and where it may stand."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network

import pytest
from hypothesis import assume, given, strategies as st

from doubles.catalogs import POLICY, catalog, table, videos
from klover.catalog import Catalog
from klover.errors import PolicyError
from klover.policy import country
from klover.policy.coarsen import LEAST, coarse, read_coarsen
from klover.policy.continents import CONTINENTS, continent
from klover.policy.model import Coarsen
from klover.policy.parse import parse
from klover.policy.resolved import ColumnSight, Show
from klover.policy.sight import see
from klover.policy.trace import trace


def way(text: str) -> Coarsen:
    made = read_coarsen(text)
    assert made is not None
    assert str(made) == text
    return made


_TZ, _TS = "timestamp with time zone", "timestamp without time zone"
_TOKYO = timezone(timedelta(hours=9))


def _local(*parts: int) -> datetime:
    return datetime(1987, *parts)  # type: ignore[arg-type]  # noqa: DTZ001 - of a type without a zone


@pytest.mark.parametrize(
    ("text", "kind", "value", "made"),
    [
        ("year", "date", date(1987, 6, 5), date(1987, 1, 1)),
        ("month", "date", date(1987, 6, 5), date(1987, 6, 1)),
        ("year", _TS, _local(6, 5, 4, 3), _local(1, 1)),
        ("month", _TS, _local(6, 5, 4, 3), _local(6, 1)),
        ("year", _TZ, datetime(2026, 1, 1, 8, tzinfo=_TOKYO), datetime(2025, 1, 1, tzinfo=UTC)),
        ("month", _TZ, datetime(2026, 3, 1, 8, tzinfo=_TOKYO), datetime(2026, 2, 1, tzinfo=UTC)),
        ("network", "inet", ip_address("10.20.30.40"), ip_interface("10.20.30.0/24")),
        ("network", "inet", ip_interface("10.20.30.40/8"), ip_interface("10.0.0.0/8")),
        ("network", "inet", ip_interface("10.20.30.40/30"), ip_interface("10.20.30.0/24")),
        ("network", "inet", ip_address("2001:db8:1:2::3"), ip_interface("2001:db8:1::/48")),
        ("network", "cidr", ip_network("10.20.30.0/28"), ip_network("10.20.30.0/24")),
        ("network", "cidr", ip_network("2001:db8::/32"), ip_network("2001:db8::/32")),
        ("region", "text", "Éire", None),
        ("region", "text", "ireland", "Europe"),
        ("region", "character varying", "UK", "Europe"),
        ("region", "text", " br ", "South America"),
        ("region", "character", "US", "North America"),
        ("region", "text", "Atlantis", None),
        ("region", "text", "", None),
        ("round 10", "integer", 37, 30),
        ("round 10", "integer", -1, -10),
        ("round 1", "smallint", -7, -7),
        ("round 1000", "smallint", -(2**15), -(2**15)),
        ("round 7", "bigint", -(2**63), -(2**63)),
        ("round 10", "numeric", Decimal("-0.5"), Decimal(-10)),
        ("round 10", "numeric", Decimal("9.99999999999999999999999999999999999"), Decimal(0)),
        ("round 3", "numeric", Decimal("1E+40"), Decimal(10**40 // 3 * 3)),
        ("round 10", "numeric", Decimal("Infinity"), Decimal("Infinity")),
        ("round 10", "double precision", 19.99, 10.0),
        ("round 10", "real", -0.5, -10.0),
        ("round 10", "double precision", 1.7e308, math.inf),
        ("round 10", "real", -3.402e38, -math.inf),
        ("round 10", "double precision", math.inf, math.inf),
        ("first 2", "text", "1234", "12"),
        ("first 32", "text", "x", "x"),
        ("first 1", "text", "😀😀", "😀"),
        ("first 3", "citext", "", ""),
    ],
)
def test_what_it_does(text: str, kind: str, value: object, made: object) -> None:
    if text == "region" and value == "Éire":
        made = continent("IE") if country.resolve("Éire") else None
    assert coarse(way(text), kind, value) == made
    assert type(coarse(way(text), kind, value)) is type(made)
    assert coarse(way(text), kind, None) is None


def test_not_a_number_stays_one() -> None:
    found = coarse(way("round 10"), "double precision", math.nan)
    assert isinstance(found, float)
    assert math.isnan(found)
    kept = coarse(way("round 10"), "numeric", Decimal("NaN"))
    assert isinstance(kept, Decimal)
    assert kept.is_nan()


def test_every_country_is_on_one_continent() -> None:
    listed = [code for codes in CONTINENTS.values() for code in codes.split()]
    assert sorted(listed) == sorted(country.codes())
    assert continent("ZZ") is None
    assert {continent(code) for code in ("CY", "TR", "GE")} == {"Asia"}


_NUMBERS: dict[str, st.SearchStrategy[object]] = {
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False),
    "double precision": st.floats(allow_nan=False),
}
_VALUES: dict[str, st.SearchStrategy[object]] = {
    "date": st.dates(),
    _TS: st.datetimes(),
    _TZ: st.datetimes(timezones=st.just(UTC)),
    "inet": st.ip_addresses() | st.ip_addresses().map(lambda one: ip_interface(f"{one}/9")),
    "text": st.text(),
}  # fmt: skip
_CASES = st.one_of(
    *(
        st.tuples(st.sampled_from(["year", "month"]), st.just(kind), _VALUES[kind], _VALUES[kind])
        for kind in ("date", _TS, _TZ)
    ),
    st.tuples(st.just("network"), st.just("inet"), _VALUES["inet"], _VALUES["inet"]),
    st.tuples(
        st.integers(1, 32).map(lambda n: f"first {n}"), st.just("text"), st.text(), st.text()
    ),
    *(
        st.tuples(st.integers(1, 10**6).map(lambda n: f"round {n}"), st.just(kind), made, made)
        for kind, made in _NUMBERS.items()
    ),
)


@given(_CASES)
def test_done_twice_is_done_once_and_order_is_kept(case: tuple[str, str, object, object]) -> None:
    text, kind, one, other = case
    made, again = coarse(way(text), kind, one), coarse(way(text), kind, other)
    if kind != "double precision":  # a multiple of the step is rounded to what a float can hold
        assert coarse(way(text), kind, made) == made
    if text.partition(" ")[0] in {"year", "month", "round"} and type(one) is type(other):
        assert (one <= other) <= (made <= again)  # type: ignore[operator]  # of one ordered type
        assert kind in LEAST or kind == "double precision" or made <= one  # type: ignore[operator]


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_of_one_month_cannot_be_told_apart(one: datetime, other: datetime) -> None:
    same_year = one.year == other.year
    assert (coarse(way("year"), _TZ, one) == coarse(way("year"), _TZ, other)) == same_year
    same = same_year and one.month == other.month
    assert (coarse(way("month"), _TZ, one) == coarse(way("month"), _TZ, other)) == same


@given(st.ip_addresses(v=4), st.integers(0, 255))
def test_addresses_of_one_network_cannot_be_told_apart(address: object, host: int) -> None:
    sibling = ip_address(f"{str(address).rpartition('.')[0]}.{host}")
    assert coarse(way("network"), "inet", address) == coarse(way("network"), "inet", sibling)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 10**9 - 1))
def test_a_rounded_number_is_a_multiple_less_than_a_step_below(value: int, step: int) -> None:
    made = coarse(way(f"round {step}"), "integer", value)
    assert isinstance(made, int)
    assume(made != LEAST["integer"])
    assert made % step == 0
    assert 0 <= value - made < step


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Year",
        "years",
        "round",
        "round 0",
        "round -1",
        "round 1.5",
        "round  10",
        "first 33",
        "first 0",
        "year 1",
        "network 16",
        "round 1000000000",
        "first x",
        "year\n",
        "round 10 ",
    ],
)
def test_other_words_are_refused(text: str) -> None:
    assert read_coarsen(text) is None


# In a policy --------------------------------------------------------------------------------------

COUNTRY = "country: {class: interoperable, identifies: indirectly}"


def policy(column: str) -> str:
    assert POLICY.count(COUNTRY) == 1
    return POLICY.replace(COUNTRY, column)


def seen(text: str, audience: str, found: Catalog | None = None) -> ColumnSight:
    resolved = trace(parse(text, "k.yaml"), found or videos())
    sights = see(resolved, resolved.policy.audiences[audience])
    (accounts,) = (sight for name, sight in sights.items() if str(name) == "accounts")
    return next(each for each in accounts.columns if each.column == "country")


def test_who_sees_it_coarse_whole_or_not_at_all() -> None:
    text = policy("country: {class: interoperable, identifies: indirectly, coarsen: region}")
    abroad = seen(text, "engineering-abroad")
    assert (abroad.show, abroad.coarsen) == (Show.COARSE, way("region"))
    assert abroad.reason == "interoperable, made coarse by region"
    assert seen(text, "finance-europe").show is Show.COARSE, "under pseudonyms inside too"
    assert seen(text, "trust-and-safety").show is Show.CLEAR
    restricted = text.replace(
        "{class: interoperable, identifies: indirectly",
        "{class: restricted, identifies: indirectly",
    )
    assert seen(restricted, "engineering-abroad").show is Show.ABSENT, "coarse is no way round"
    assert seen(POLICY, "engineering-abroad").show is Show.ABSENT


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("country: {class: interoperable, coarsen: region}", "goes with `identifies: indirectly`"),
        (
            "country: {class: public, identifies: no, coarsen: region}",
            "goes with `identifies: indirectly`",
        ),
        ("country: {class: public, identifies: directly, coarsen: region}", "goes with"),
        (
            "country: {class: public, identifies: indirectly, coarsen: round}",
            "`round N` or `first N`",
        ),
        ("country: {class: public, identifies: indirectly, coarsen: 10}", "has to be a text"),
        ("country: {class: public, identifies: indirectly, coarsen: [region]}", "has to be a text"),
        (
            "country: {class: public, identifies: indirectly, coarsen: year}",
            "cannot be made coarse by `year`: its type is text, and that transform is for date, ",
        ),
        ("country: {class: public, identifies: indirectly, coarsen: round 10}", "its type is text"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(column: str, words: str) -> None:
    text = policy(column)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if column in each)
    with pytest.raises(PolicyError) as caught:
        trace(parse(text, "k.yaml"), videos())
    assert f"k.yaml:{line}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("kind", ["date[]", "jsonb", "interval", "boolean", "text_enum"])
def test_types_that_no_transform_fits(kind: str) -> None:
    name, _, enum = kind.partition("_")
    rest = [one for one in videos().tables.values() if one.name.name != "accounts"]
    changed = table(
        "accounts",
        "id bigint pk",
        "handle text",
        "email text",
        "privacy text enum",
        f"country {name} {enum}",
        unique=(("handle",), ("email",)),
    )
    for each in ("year", "month", "network", "region", "round 2", "first 2"):
        text = policy(f"country: {{class: public, identifies: indirectly, coarsen: {each}}}")
        with pytest.raises(PolicyError, match="cannot be made coarse"):
            seen(text, "engineering-abroad", catalog(changed, *rest))
