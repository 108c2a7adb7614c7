"""What an audience asks of those who enter: read strictly, decided by the rule it names."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from doubles.catalogs import POLICY
from klover.errors import PolicyError
from klover.policy.decide import Candidate, Deny, Ends, Permit, Principal, candidates, decide
from klover.policy.locate import locate
from klover.policy.model import Audience
from klover.policy.parse import parse
from klover.policy.parse.limits import told_size

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # a Friday
ENTRY = """\
audiences:
  support:
    who:
      groups: [support]
      located: any
      claims:
        department: [cx, support]
        level: senior
      networks: [10.20.0.0/16, "2001:db8::/32"]
    sees: public
    requires:
      purpose: help
      expires: 8h
      hours: ["Mon-Fri 08:00-18:00 Europe/Dublin", "Sat,Sun 22:00-06:00 UTC"]
    limits: {session: {rows: 10000, bytes: 10 MB}, day: {rows: 100000, bytes: 1 GiB}}
"""
TEXT = POLICY[: POLICY.index("audiences:")] + ENTRY + POLICY[POLICY.index("networks: {") :]
RULES = parse(TEXT, "k.yaml")
HELD: Mapping[str, frozenset[str]] = {
    "department": frozenset({"cx", "x"}),
    "level": frozenset({"senior"}),
}


def line_of(words: str) -> int:
    return next(n for n, line in enumerate(TEXT.splitlines(), 1) if words in line)


def support() -> Audience:
    return RULES.audiences["support"]


def someone(
    claims: Mapping[str, frozenset[str]] = HELD, *, group: str = "support", hours: int = 1
) -> Principal:
    return Principal(
        subject="p",
        issuer="i",
        groups=frozenset({group}),
        expires=NOW + timedelta(hours=hours),
        claims=claims,
    )


def ask(
    who: Principal | None = None, *, address: str = "10.20.0.7", now: datetime = NOW
) -> Permit | Deny:
    return decide(
        RULES,
        principal=who or someone(),
        audience="support",
        location=locate(RULES, "IE", address, simulated=False, on=NOW.date()),
        purpose="help",
        reference=None,
        now=now,
    )


def test_it_is_read_as_written() -> None:
    rule = support()
    assert {claim.name: claim.values for claim in rule.claims} == {
        "department": ("cx", "support"),
        "level": ("senior",),
    }
    assert [str(network) for network in rule.networks] == ["10.20.0.0/16", "2001:db8::/32"]
    office, night = rule.requires.hours
    assert (office.days, office.begins, office.ends) == (frozenset(range(5)), 480, 1080)
    assert (night.days, night.begins, night.ends) == (frozenset({5, 6}), 1320, 360)
    assert (rule.limits.session.rows, rule.limits.session.bytes) == (10_000, 10_000_000)
    assert (rule.limits.day.rows, rule.limits.day.bytes) == (100_000, 1 << 30)
    assert rule.line_of("networks") == line_of("networks: [10")
    assert rule.line_of("identifiers") == rule.line, "what is left out stands nowhere"


FAULTS: list[tuple[str, str, str, str]] = [
    # change from, change to, line with, words
    (
        "department: [cx, support]",
        "groups: [x]",
        "groups: [x]",
        "has a key of its own; use `groups:`",
    ),
    ("department: [cx, support]", "country: [IE]", "country: [IE]", "use `located:`"),
    ("department: [cx, support]", "exp: later", "exp: later", "is checked already"),
    ("department: [cx, support]", "department: []", "department: []", "empty list"),
    ("level: senior", "level: 3", "level: 3", "has to be a text"),
    ("level: senior", f"level: {'x' * 257}", "level: x", "256 characters"),
    ('10.20.0.0/16, "2001', '10.20.0.1/16, "2001', '10.20.0.1/16, "2001', "no address range"),
    ('10.20.0.0/16, "2001:db8::/32"', "10.1.0.0/16, 10.1.0.0/16", "10.1.0.0", "twice"),
    (
        "Mon-Fri 08:00-18:00 Europe/Dublin",
        "Mon-Fri 8:00-18:00 Europe/Dublin",
        "hours:",
        "days, hours and a zone",
    ),
    (
        "Mon-Fri 08:00-18:00 Europe/Dublin",
        "Mon-Fri 08:00-18:00",
        "hours:",
        "days, hours and a zone",
    ),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon-Fry 08:00-18:00 UTC", "hours:", "days are Mon"),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon- 08:00-18:00 UTC", "hours:", "days are Mon"),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon-Tue-Wed 08:00-18:00 UTC", "hours:", "days are Mon"),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon-Fri 08:00-18:60 UTC", "hours:", "last minute"),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon-Fri 24:00-18:00 UTC", "hours:", "last minute"),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "Mon-Fri 08:00-08:00 UTC", "hours:", "opens for no time"),
    (
        "Mon-Fri 08:00-18:00 Europe/Dublin",
        "daily 08:00-18:00 Europe/Dublinn",
        "hours:",
        "did you mean 'Europe/Dublin'?",
    ),
    ("Mon-Fri 08:00-18:00 Europe/Dublin", "daily 08:00-18:00 ../zones", "hours:", "no time zone"),
    ("Sat,Sun 22:00-06:00 UTC", "Mon-Fri 08:00-18:00 Europe/Dublin", "hours:", "twice"),
    ("rows: 10000,", "rows: 0,", "limits:", "number from 1"),
    ("rows: 10000,", "rows: -1,", "limits:", "number from 1"),
    ("rows: 10000,", "rows: 1e4,", "limits:", "number from 1"),
    ("bytes: 10 MB", "bytes: 10MB", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: 10 mb", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: 10", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: 0 MB", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: 1.5 MB", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: [10 MB]", "limits:", "a size such as"),
    ("bytes: 10 MB", "bytes: {MB: 10}", "limits:", "a size such as"),
    (
        "{session: {rows: 10000, bytes: 10 MB}, day: {rows: 100000, bytes: 1 GiB}}",
        "{}",
        "limits:",
        "is empty",
    ),
    ("session: {rows", "hour: {rows", "limits:", "no key 'hour'"),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), FAULTS)
def test_what_is_not_exact_is_refused(old: str, new: str, where: str, words: str) -> None:
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new)
    with pytest.raises(PolicyError) as caught:
        parse(text, "k.yaml")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if where in each)
    assert f"k.yaml:{line}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (10_000_000, "10 MB"),
        (1 << 30, "1 GiB"),
        (1500, "1500 bytes"),
        (3 << 10, "3 KiB"),
        (10**12, "1 TB"),
    ],
)
def test_sizes_are_told_as_they_are_written(size: int, words: str) -> None:
    assert told_size(size) == words


def test_the_hours_end_a_permit_before_the_token_does() -> None:
    permit = ask(someone(hours=24))
    assert isinstance(permit, Permit)
    assert (permit.ends, permit.expires_at) == (Ends.HOURS, NOW.replace(hour=18))
    short = ask(someone(hours=1))
    assert isinstance(short, Permit)
    assert (short.ends, short.expires_at) == (Ends.EXPIRY, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("claims", "missing"),
    [
        ({}, "department"),
        ({"department": frozenset({"x"}), "level": frozenset({"senior"})}, "department"),
        ({"department": frozenset({"CX"}), "level": frozenset({"senior"})}, "department"),
        ({"department": frozenset({"cx"})}, "level"),
        ({"department": frozenset({"cx"}), "level": frozenset({"senior "})}, "level"),
    ],
)
def test_every_claim_has_to_hold_one_of_its_values(
    claims: Mapping[str, frozenset[str]], missing: str
) -> None:
    denied = ask(someone(claims))
    assert isinstance(denied, Deny)
    assert f"claim {missing} holds none of" in denied.reason
    assert denied.line == line_of(f"{missing}:")


@pytest.mark.parametrize(
    ("address", "let_in"),
    [
        ("10.20.255.255", True),
        ("::ffff:10.20.0.1", True),
        ("2001:db8::1", True),
        ("10.21.0.0", False),
        ("2001:db9::1", False),
        ("::10.20.0.1", False),
        ("not an address", False),
        ("", False),
    ],
)
def test_the_address_has_to_be_in_a_network(address: str, let_in: bool) -> None:  # noqa: FBT001
    decision = ask(address=address)
    assert isinstance(decision, Permit) is let_in
    if isinstance(decision, Deny):
        assert decision.reason.endswith("the network address is in none of its networks")
        assert decision.line == line_of("networks: [10")


def test_outside_of_its_hours_nobody_enters() -> None:
    denied = ask(someone(hours=24), now=NOW.replace(hour=18))
    assert isinstance(denied, Deny)
    assert (
        "open Mon-Fri 08:00-18:00 Europe/Dublin and Sat,Sun 22:00-06:00 UTC only" in denied.reason
    )
    assert denied.line == line_of("hours:")


def one(purpose: str | None, who: Principal | None = None, address: str = "10.20.0.7") -> Candidate:
    (found,) = candidates(
        RULES,
        principal=who or someone(),
        location=locate(RULES, "IE", address, simulated=False, on=NOW.date()),
        now=NOW,
        purpose=purpose,
    )
    return found


def test_candidates_tell_what_stands_against_each_and_what_is_only_missing() -> None:
    entered = one("help")
    assert entered.permit == ask()
    asked = one(None)
    assert (asked.fits, asked.permit, len(asked.needs)) == (True, None, 1)
    assert asked.needs[0].reason == "it needs a purpose, one of help"
    wrong = one("curiosity")
    assert (wrong.fits, wrong.needs) == (False, ())
    shut = one(None, someone({}, group="others"), "192.0.2.1")
    assert not shut.fits
    assert [denial.line for denial in shut.refused] == [
        line_of("groups: [support]"),
        line_of("department:"),
        line_of("level:"),
        line_of("networks: [10"),
    ]
