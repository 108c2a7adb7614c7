"""Who is let in, and what a denial says."""

from datetime import UTC, datetime, timedelta

import pytest

from doubles.catalogs import POLICY
from klover.policy.decide import Deny, Permit, Principal, decide
from klover.policy.locate import Location, locate
from klover.policy.parse import parse
from klover.policy.ranges import read_range

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TEXT = POLICY.replace(
    "networks:",
    """\
  careful:
    who: {groups: [trust-safety], located: any}
    sees: [public]
    requires: {purpose: abuse, approvals: 1}
networks:""",
)
RULES = parse(TEXT, "k.yaml")
DUBLIN = locate(RULES, "IE", "10.20.1.1", simulated=False, on=NOW.date())


def principal(*groups: str, hours: int = 1) -> Principal:
    return Principal(
        subject="p", issuer="i", groups=frozenset(groups), expires=NOW + timedelta(hours=hours)
    )


def ask(
    audience: str = "trust-and-safety",
    *,
    who: Principal | None = None,
    location: Location = DUBLIN,
    purpose: str | None = "abuse",
    reference: str | None = "CASE-1",
) -> Permit | Deny:
    return decide(
        RULES,
        principal=who or principal("trust-safety", "engineering"),
        audience=audience,
        location=location,
        purpose=purpose,
        reference=reference,
        now=NOW,
    )


def test_somebody_in_dublin_with_a_purpose_is_let_in() -> None:
    permit = ask()
    assert isinstance(permit, Permit)
    assert permit.door == "trust_and_safety"
    assert permit.expires_at == NOW + timedelta(hours=1)  # the token ends before the 8 hours
    later = ask(who=principal("trust-safety", hours=24))
    assert isinstance(later, Permit)
    assert later.expires_at == NOW + timedelta(hours=8)


@pytest.mark.parametrize(
    ("claim", "address"),
    [
        ("CN", "10.20.1.1"),  # the claim is outside
        ("IE", "10.60.1.1"),  # the network is outside
        ("IE", "192.0.2.1"),  # the network is unknown
        (None, "10.20.1.1"),  # the claim is missing
        ("Atlantis", "10.20.1.1"),  # the claim names no country
        ("IE", "not an address"),
        ("IE", ""),
    ],
)
def test_every_piece_of_evidence_has_to_be_inside(claim: str | None, address: str) -> None:
    location = locate(RULES, claim, address, simulated=False, on=NOW.date())
    assert isinstance(ask(location=location), Deny)
    assert isinstance(ask("engineering-abroad", location=location), Permit)


def test_the_narrowest_network_counts_and_mapped_addresses_are_plain_ones() -> None:
    def countries(address: str) -> frozenset[str]:
        return locate(RULES, None, address, simulated=False, on=NOW.date()).countries

    assert countries("10.20.1.1") == {"IE"}
    assert countries("10.20.9.1") == {"FR"}
    assert countries("::ffff:10.60.0.1") == {"CN"}
    assert countries("2001:db8::1") == {"NO"}
    assert countries("fe80::1%eth0") == set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("::ffff:10.20.0.0/112", "write it as 10.20.0.0/16"),
        ("::ffff:10.20.9.1", "write it as 10.20.9.1/32"),
        ("::ffff:0:0/96", "write it as 0.0.0.0/0"),
        ("::fffe:0:0/95", "::fffe:0:0/95"),  # wider: an address in it is no plain one
        ("2001:db8::/32", "2001:db8::/32"),
        ("10.20.0.0/16", "10.20.0.0/16"),
        ("10.20.0.1/16", "write it as 10.20.0.0/16, host bits zero"),
    ],
)
def test_a_range_of_mapped_addresses_is_to_be_written_plainly(text: str, told: str) -> None:
    assert str(read_range(text)) == told


def test_a_permit_ends_where_what_a_country_belongs_to_does() -> None:
    """The Union's decision on the United Kingdom runs to the end of 2031-12-27."""
    abroad = "  engineering-abroad:\n    who: {groups: [engineering], located: "
    assert f"{abroad}any}}" in TEXT
    text = TEXT.replace(f"{abroad}any}}", f"{abroad}[adequate]}}")
    rules = parse(text.replace("10.20.0.0/16: IE", "10.20.0.0/16: GB"), "k.yaml")
    evening = datetime(2031, 12, 27, 20, 0, tzinfo=UTC)

    def enters(now: datetime) -> Permit | Deny:
        groups = frozenset({"engineering"})
        day = timedelta(hours=24)
        return decide(
            rules,
            principal=Principal(subject="p", issuer="i", groups=groups, expires=now + day),
            audience="engineering-abroad",
            location=locate(rules, "GB", "10.20.1.1", simulated=False, on=now.date()),
            purpose=None,
            reference=None,
            now=now,
        )

    permit = enters(evening)
    assert isinstance(permit, Permit)
    assert permit.expires_at == datetime(2031, 12, 28, tzinfo=UTC)
    before = enters(evening - timedelta(days=2))
    assert isinstance(before, Permit)
    assert before.expires_at == evening - timedelta(days=1), "the token's own end"
    assert isinstance(enters(evening + timedelta(hours=4)), Deny)


def test_a_network_somewhere_in_a_group_may_be_in_any_member() -> None:
    start = TEXT.index("networks:")
    text = TEXT[:start] + "networks: {10.1.0.0/16: EEA, 10.2.0.0/16: [EEA, US]}\n"
    rules = parse(text, "k.yaml")

    def asks(address: str) -> Permit | Deny:
        return decide(
            rules,
            principal=principal("trust-safety"),
            audience="trust-and-safety",
            location=locate(rules, "IE", address, simulated=False, on=NOW.date()),
            purpose="abuse",
            reference="CASE-1",
            now=NOW,
        )

    location = locate(rules, "IE", "10.1.0.9", simulated=False, on=NOW.date())
    assert location.evidence == ("claim IE", "network 10.1.0.0/16 EEA")
    assert {"IE", "NO", "FR"} < location.countries
    assert isinstance(asks("10.1.0.9"), Permit)
    refused = asks("10.2.0.9")
    assert isinstance(refused, Deny)
    assert "US is outside" in refused.reason


def test_a_decision_names_the_edition_it_rests_on() -> None:
    assert ask().countries == RULES.countries.edition == "2026-11"
    assert ask(purpose="curiosity").countries == "2026-11"
    assert ask("nobody").countries == "2026-11"


def test_evidence_tells_ranges_and_simulation_but_no_address() -> None:
    location = locate(RULES, "uk", "10.20.1.77", simulated=True, on=NOW.date())
    assert location.evidence == ("claim GB", "simulated network 10.20.0.0/16 IE")
    assert location.countries == {"GB", "IE"}
    assert locate(RULES, None, "x", simulated=False, on=NOW.date()).evidence == (
        "claim missing or unknown",
        "network unknown",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"audience": "nobody"}, "no such audience"),
        ({"who": principal("others")}, "in none of its groups (trust-safety)"),
        ({"who": principal("trust-safety", hours=0)}, "the token has expired"),
        ({"purpose": None}, "needs a purpose, one of abuse, legal"),
        ({"purpose": "curiosity"}, "needs a purpose, one of abuse, legal"),
        ({"reference": None}, "needs a reference"),
        ({"reference": "CASE-1 or so"}, "has not the form"),
        ({"reference": "CASE-1\n"}, "has not the form"),
        ({"reference": "CASE-" + "1" * 200}, "at most 128"),
        (
            {"location": locate(RULES, "CN", "10.60.0.1", simulated=False, on=NOW.date())},
            "CN is outside",
        ),
        ({"audience": "careful"}, "needs an approval"),
    ],
)
def test_a_denial_names_the_rule_and_repeats_nothing(change: dict[str, object], words: str) -> None:
    denial = ask(**change)  # type: ignore[arg-type]  # one argument at a time
    assert isinstance(denial, Deny)
    assert words in denial.reason
    assert "curiosity" not in denial.reason
    assert "or so" not in denial.reason
