"""Countries and regions: dated, sourced, never guessed."""

from datetime import date

import pytest

from klover.policy.countries import EDITION_DATE, MEMBERSHIPS
from klover.policy.country import (
    change_days,
    codes,
    inside,
    is_group,
    meet,
    members,
    name,
    resolve,
    subject_inside,
    within,
)
from klover.policy.model import Region

TODAY = date(2026, 11, 24)
EEA = Region(names=("EEA",))
ADEQUATE = Region(names=("adequate",))
HOME = Region(names=("EEA", "GB", "CH"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IE", "IE"),
        ("ie", "IE"),
        ("IRL", "IE"),
        ("Ireland", "IE"),
        ("Republic_of_Ireland", "IE"),
        ("UK", "GB"),
        ("uk", "GB"),
        ("EL", "GR"),
        ("England", "GB"),
        ("Scotland", "GB"),
        ("Wales", "GB"),
        ("Northern_Ireland", "GB"),
        ("  united \t kingdom\n", "GB"),
        ("Réunion", "RE"),
        ("reunion", "RE"),
        ("Re\u0301union", "RE"),
        ("Côte d\u2019Ivoire", "CI"),
        ("NO", "NO"),
        ("no", "NO"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Canary Islands", "ES"),
        ("Åland", "AX"),
        ("Kosovo", "XK"),
        ("XK", "XK"),
        ("Congo, The Democratic Republic of the", "CD"),
    ],
)
def test_a_country_in_any_usual_spelling(text: str, code: str) -> None:
    assert resolve(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "Runion",
        "Yugoslavia",
        "Holy See (Vatican City State)",
        "Atlantis",
        "EU",
        "Europe",
        "XX",
        "N/A",
        "unknown",
        "Irland",
        "G B",
        "",
        "  ",
        None,
        "AN",
        "YU",
        "SU",
        "none",
        "-",
    ],
)
def test_what_is_no_exact_variant_is_unknown(text: str | None) -> None:
    assert resolve(text) is None


def test_every_code_has_a_name_that_leads_back() -> None:
    assert len(codes()) == 250  # ISO's 249 and Kosovo
    for code in codes():
        assert resolve(name(code)) == code


@pytest.mark.parametrize("code", ["RE", "GP", "MQ", "GF", "YT", "AX", "MF", "NO", "IS", "LI", "HR"])
def test_inside_the_eea(code: str) -> None:
    assert inside(code, EEA, TODAY)


@pytest.mark.parametrize(
    "code",
    ["GL", "FO", "PF", "NC", "SJ", "GI", "JE", "GG", "IM", "XK", "GB", "CH", "VA", "BL", "TR"],
)
def test_outside_the_eea(code: str) -> None:
    assert not inside(code, EEA, TODAY)


def test_the_eea_counts_thirty_states_and_their_territories() -> None:
    territories = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
    assert len(members(EEA, TODAY) - territories) == 30
    assert members(Region(names=("EU",)), TODAY) <= members(EEA, TODAY)
    assert members(Region(names=("EFTA",)), TODAY) == {"CH", "IS", "LI", "NO"}


def test_adequacy_is_dated_and_a_conditional_one_does_not_count() -> None:
    for code in (
        "CH",
        "GB",
        "JP",
        "KR",
        "NZ",
        "UY",
        "AR",
        "IL",
        "FO",
        "GG",
        "IM",
        "JE",
        "AD",
    ):
        assert inside(code, ADEQUATE, TODAY), code
    assert not inside("US", ADEQUATE, TODAY)
    assert not inside("CA", ADEQUATE, TODAY)
    assert not inside("BR", ADEQUATE, TODAY)  # from the Union only, not from Norway
    assert not inside("JP", ADEQUATE, date(2019, 1, 22))
    assert inside("GB", ADEQUATE, date(2031, 12, 27))
    assert not inside("GB", ADEQUATE, date(2031, 12, 28))
    assert inside("IE", ADEQUATE, TODAY)


def test_membership_is_dated() -> None:
    eu = Region(names=("EU",))
    assert inside("HR", eu, date(2013, 7, 1))
    assert not inside("HR", eu, date(2013, 6, 30))


def test_every_membership_has_a_source_and_a_sound_span() -> None:
    for membership in MEMBERSHIPS:
        assert membership.source
        assert is_group(membership.group)
        assert membership.country in codes()
        assert membership.until is None or membership.until > membership.since
    assert change_days()[0] == EDITION_DATE


def test_an_unknown_home_counts_as_inside_and_an_unknown_place_as_outside() -> None:
    assert subject_inside(None, HOME, TODAY)
    assert not inside(None, HOME, TODAY)
    assert not inside(None, Region(names=("CN",), negated=True), TODAY)
    assert inside(None, Region(everywhere=True), TODAY)


def test_regions_compare() -> None:
    anywhere = Region(everywhere=True)
    not_adequate = Region(names=("adequate",), negated=True)
    assert within(Region(names=("IE", "NO")), EEA)
    assert within(HOME, HOME)
    assert within(anywhere, anywhere)
    assert not within(anywhere, Region(names=tuple(codes())))
    assert not within(HOME, EEA)
    assert not within(HOME, ADEQUATE)  # the United Kingdom's ends in 2031
    assert meet(not_adequate, Region(names=("CN",)), TODAY)
    assert not meet(not_adequate, HOME, TODAY)
    assert meet(anywhere, anywhere, TODAY)
