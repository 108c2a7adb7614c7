"""The gateway's pure parts, one by one: settings, startup, leases, cancel keys, bounds, records."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given, strategies as st

from doubles.memory_relay import CATALOG, MemoryRelay
from klover.config import Issuer
from klover.errors import ConfigError, DeniedError, StoreError, WireError
from klover.event import Denial
from klover.gateway import settings, startup
from klover.gateway.allowance import refuse
from klover.gateway.authenticate import authenticate, trust
from klover.gateway.cancel import Cancels
from klover.gateway.deadline import Deadline
from klover.gateway.door import DoorAddress, SuspendedError, catalog, statements
from klover.gateway.lease import Leases
from klover.gateway.names import MAX_NAMES, Names, Prepared
from klover.gateway.reading import Reading, nothing, read
from klover.gateway.token import issue, make_keys
from klover.policy.plate import Plate
from klover.wire import frontend
from klover.wire.backend import PARSE_COMPLETE, DataRow, ReadyForQuery
from klover.wire.startup import VERSION_3_0, VERSION_3_2, CancelRequest, StartupMessage
from klover.wire.statement import split

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DOOR = {"x": DoorAddress(schema="door_x", session_roles=("a", "b"))}


def reading(sql: str) -> Reading:
    (statement,) = split(sql)
    return read(statement, CATALOG, lambda: b"salt")


# Settings and startup --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("-c a.b=c", {"a.b": "c"}),
        ("  -ca=1   --d-e=x\\ y ", {"a": "1", "d_e": "x y"}),
        ("-c a=b\\\\c", {"a": "b\\c"}),
        ("-c A=", {"a": ""}),
        ("-c a", None),
        ("a=b", None),
        ("-d 5", None),
        ("-c a=b\\", None),
    ],
)
def test_options_are_read_as_postgres_splits_them(text: str, found: dict[str, str] | None) -> None:
    assert settings.options(text) == found


@pytest.mark.parametrize(
    ("content", "can"),
    [
        ("5", True), ("1800000", True), ("1800001", False), ("30min", True), (" 0.5h ", True),
        ("31 min", False), ("default", True), ("0", False), ("0.4", False), ("999us", False),
        ("1000us", True), ("-1", False), ("0x10", False), ("1e3", False), ("", False),
        ("\u0665", False), ("1 day", False), ("01", True),
    ],
)  # fmt: skip
def test_how_long_a_statement_may_run_has_a_ceiling(content: str, *, can: bool) -> None:
    assert settings.allowed("Statement_Timeout", content) is can
    assert settings.at_startup("statement_timeout", content) is can
    assert settings.allowed("transaction_timeout", content)  # without one there is no limit


def test_a_client_cannot_start_without_a_limit() -> None:
    parameters = {"user": "x", "options": "-c statement_timeout=0"}
    with pytest.raises(DeniedError, match="statement_timeout"):
        startup.read(StartupMessage(version=VERSION_3_0, parameters=parameters))


def test_a_startup_message_tells_what_is_wanted() -> None:
    wanted = startup.read(
        StartupMessage(
            version=VERSION_3_0,
            parameters={
                "user": "x",
                "database": "anything",
                "application_name": "psql",
                "client_encoding": "'utf-8'",
                "DateStyle": "ISO",
                "options": "-c klover.purpose=abuse -c statement_timeout=5",
            },
        )
    )
    assert (wanted.audience, wanted.purpose, wanted.reference) == ("x", "abuse", None)
    assert wanted.settings == {"DateStyle": "ISO", "statement_timeout": "5"}
    assert wanted.negotiate is None


@pytest.mark.parametrize(
    ("asked", "spoken", "told"),
    [(0, 0, None), (1, 0, 0), (2, 2, None), (3, 2, 2), (9999, 2, 2)],
)
def test_the_minor_version_is_settled(asked: int, spoken: int, told: int | None) -> None:
    wanted = startup.read(StartupMessage(version=3 << 16 | asked, parameters={"user": "x"}))
    assert wanted.version == 3 << 16 | spoken
    assert (wanted.negotiate.minor if wanted.negotiate else None) == told


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"user": ""},
        {"user": "x", "search_path": "public"},
        {"user": "x", "role": "klover"},
        {"user": "x", "client_encoding": "LATIN1"},
        {"user": "x", "options": "-c klover.audience=y"},
        {"user": "x", "standard_conforming_strings": "off"},
    ],
)
def test_what_is_not_understood_at_startup_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises((DeniedError, WireError)):
        startup.read(StartupMessage(version=VERSION_3_0, parameters=parameters))


# Leases and cancel keys ------------------------------------------------------------------------


def test_a_role_is_leased_once_and_the_longest_rested_first() -> None:
    leases = Leases(DOOR)
    assert [leases.take("x") for _ in range(3)] == ["a", "b", None]
    leases.give_back("b")
    leases.give_back("b")
    leases.give_back("a")
    assert [leases.take("x") for _ in range(3)] == ["b", "a", None]
    assert leases.take("y") is None


def test_whoever_waits_gets_the_next_role() -> None:
    async def main() -> None:
        leases = Leases(DOOR)
        assert leases.take("x") == "a"
        assert leases.take("x") == "b"
        first, second = (asyncio.ensure_future(leases.wait("x", 5)) for _ in range(2))
        await asyncio.sleep(0)
        leases.give_back("a")
        leases.give_back("b")
        assert {await first, await second} == {"a", "b"}
        assert await leases.wait("x", 0.01) is None

    asyncio.run(main())


def test_a_cancel_key_fits_its_own_session_only() -> None:
    cancels, called = Cancels(), list[str]()
    one = cancels.issue(VERSION_3_0, lambda: called.append("one"))
    two = cancels.issue(VERSION_3_2, lambda: called.append("two"))
    assert (len(one.secret), len(two.secret)) == (4, 32)
    assert not cancels.request(CancelRequest(process_id=one.process_id, secret=two.secret))
    assert not cancels.request(CancelRequest(process_id=0, secret=b"\0" * 32))
    assert cancels.request(CancelRequest(process_id=two.process_id, secret=two.secret))
    cancels.withdraw(two)
    assert not cancels.request(CancelRequest(process_id=two.process_id, secret=two.secret))
    assert called == ["two"]


# Bounds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "views"),
    [
        ("select 1", set()),
        ("select * from accounts", {"accounts"}),
        ("select * from ACCOUNTS", {"accounts"}),
        ('select * from "accounts"', {"accounts"}),
        ('select * from "Accounts"', {"accounts"}),
        ('select * from U&"acc\\006funts"', {"accounts"}),
        ("select * from U&\"acc!006funts\" uescape '!'", {"accounts"}),
        ("select * from door_x.accounts, (table videos) v", {"accounts", "videos"}),
        ("select null::accounts", {"accounts"}),
        ("select 'accounts'", set()),
        ("select /* accounts */ 1 -- videos", set()),
        ("select table_to_xml('x', true, true, '')", {"accounts", "videos"}),
        ("select pg_catalog.\"query_to_xml\"('', true, true, '')", {"accounts", "videos"}),
        ("select * from ts_stat('select 1')", {"accounts", "videos"}),
    ],
)
def test_the_bound_holds_every_view_that_is_named(sql: str, views: set[str]) -> None:
    assert reading(sql).views == views


def test_a_long_name_means_what_postgres_cuts_it_to() -> None:
    rows = [
        DataRow(values=(b"20000", b"v" * 63, b"1", b"id", b"")),
    ]
    door = catalog(DOOR["x"], rows)
    (statement,) = split(f"select * from {'v' * 80}")
    assert read(statement, door, lambda: b"").views == {"v" * 63}


def test_a_door_without_views_is_refused() -> None:
    with pytest.raises(StoreError, match="no views"):
        catalog(DOOR["x"], [])
    assert statements()["door_views"].startswith("select c.oid")


def test_what_stands_on_a_door_is_read_with_its_views() -> None:
    plate = Plate(version=7).text().encode()
    rows = [DataRow(values=(b"20000", b"v", b"1", b"id", plate))]
    assert catalog(DOOR["x"], rows).version == 7
    closed = Plate(version=7, suspended="2026-11-24T01:00:00Z").text().encode()
    with pytest.raises(SuspendedError, match="suspended since 2026-11-24T01:00:00Z by the op"):
        catalog(DOOR["x"], [DataRow(values=(None, None, None, None, closed))])
    with pytest.raises(SuspendedError):  # whatever still stands there
        catalog(DOOR["x"], [DataRow(values=(b"20000", b"v", b"1", b"id", closed))])


@given(st.integers(0, 10**9 - 1), st.none() | st.datetimes().map(lambda t: t.isoformat() + "Z"))
def test_a_plate_reads_as_it_was_written(version: int, suspended: str | None) -> None:
    plate = Plate(version=version, suspended=suspended)
    assert Plate.read(plate.text()) == plate
    assert Plate.read(plate.text() + " ") == Plate()


def test_where_rows_are_concealed_nothing_is_explained() -> None:
    (statement,) = split("explain (costs off) select 1")
    reason = refuse(statement, conceals_rows=True)
    assert reason is not None
    assert "not shown" in reason
    assert refuse(statement, conceals_rows=False) is None


def test_a_session_has_room_for_so_many_names() -> None:
    relay = MemoryRelay()
    for number in range(MAX_NAMES + 1):
        parse = frontend.Parse(name=str(number).encode(), sql=b"select 1")
        relay.ask(parse.encode() + frontend.Sync().encode())
        relay.answer(PARSE_COMPLETE.encode() + ReadyForQuery(status=b"I").encode())
        relay.round()
    assert isinstance(relay.recorder.events[-1], Denial)
    assert relay.server.count(b"select 1") == MAX_NAMES


def test_changes_to_names_are_taken_back_in_order() -> None:
    names: Names[Prepared] = Names()
    first, second = Prepared(reading=nothing()), Prepared(reading=nothing())
    names.put(b"n", first)
    undo_put, undo_clear = names.put(b"n", second), names.clear()
    assert names.get(b"n") is None
    undo_clear()
    assert names.get(b"n") is second
    undo_put()
    assert names.get(b"n") is first


# Tokens ----------------------------------------------------------------------------------------


def test_a_token_of_ours_is_read_back() -> None:
    private, public = make_keys()
    trusted = trust(Issuer(name="i", audience="a", keys=""), public)
    token = issue(
        private, issuer="i", audience="a", subject="s", groups=["g"], country="NO", now=NOW
    )
    found = authenticate(token.encode(), trusted, NOW)
    assert found.principal.subject == "s"
    assert found.principal.groups == {"g"}
    assert found.principal.expires == NOW + timedelta(hours=8)
    assert found.country == "NO"
    with pytest.raises(DeniedError, match="expired"):
        authenticate(token.encode(), trusted, NOW + timedelta(hours=8))


def test_other_claims_are_texts_or_lists_of_texts_and_nothing_else() -> None:
    private, public = make_keys()
    trusted = trust(Issuer(name="i", audience="a", keys=""), public)
    odd = {"level": 3, "deep": {"department": "cx"}, "mixed": ["cx", 7, None], "on": True}
    token = issue(
        private,
        issuer="i",
        audience="a",
        subject="s",
        groups=["g"],
        country="NO",
        now=NOW,
        claims={"department": ["cx", "x"], "groups": ["root"], "country": ["IE"], **odd},
    )
    found = authenticate(token.encode(), trusted, NOW)
    assert found.principal.groups == {"g"}
    assert found.country == "NO"
    assert found.principal.claims == {
        "department": {"cx", "x"},
        "mixed": {"cx"},
        "level": frozenset(),
        "deep": frozenset(),
        "on": frozenset(),
        "sub": {"s"},
    }


class FakeLoop:
    """A loop whose timers a test lets run; its clock and the world's go apart."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.clock

    def call_later(self, seconds: float, call: Callable[[], None]) -> "FakeLoop":
        self.timers.append((self.clock + seconds, call))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    def run_to(self, clock: float) -> None:
        while self.timers and self.timers[0][0] <= clock:
            self.clock, call = self.timers.pop(0)
            call()
        self.clock = clock


@pytest.mark.parametrize(("drift", "ends"), [(0, 3600), (600, 3000), (-600, 3600)])
def test_a_deadline_holds_by_both_clocks(drift: int, ends: int) -> None:
    """Set forward, the world's clock ends it; set back, the loop's own does."""
    loop, over = FakeLoop(), list[float]()
    set_off = 0.0

    def now() -> datetime:
        return NOW + timedelta(seconds=loop.clock + (set_off if loop.clock > 0 else 0))

    deadline = Deadline(
        NOW + timedelta(hours=1),
        now=now,
        loop=cast("asyncio.AbstractEventLoop", loop),
        call=lambda: over.append(loop.clock),
    )
    set_off = drift
    loop.run_to(ends - 11)
    assert over == []
    loop.run_to(7200)
    assert len(over) == 1
    assert ends - 10 <= over[0] <= ends + 10
    deadline.cancel()
    assert loop.timers == []


@pytest.mark.parametrize(
    "keys", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "eA"}]}']
)
def test_keys_that_are_not_public_ed25519_keys_are_refused(keys: str) -> None:
    with pytest.raises(ConfigError):
        trust(Issuer(name="i", audience="a", keys=""), keys)


def test_a_private_key_among_the_public_ones_is_refused() -> None:
    private, _ = make_keys()
    with pytest.raises(ConfigError, match="private"):
        trust(Issuer(name="i", audience="a", keys=""), json.dumps({"keys": [json.loads(private)]}))


@pytest.mark.parametrize("named", ["EdDSA", "Ed25519", None])
def test_keys_by_either_name_of_the_algorithm_serve(named: str | None) -> None:
    private, public = make_keys()
    key, published = json.loads(private), json.loads(public)
    for each in (key, *published["keys"]):
        each.pop("alg", None)
        if named is not None:
            each["alg"] = named
    now = datetime.now(UTC)
    token = issue(
        json.dumps(key),
        issuer="https://id.example",
        audience="klover",
        subject="x",
        groups=["g"],
        country="NO",
        now=now,
    )
    issuer = Issuer(name="https://id.example", audience="klover", keys="unused")
    found = authenticate(token.encode(), trust(issuer, json.dumps(published)), now)
    assert found.principal.subject == "x"
