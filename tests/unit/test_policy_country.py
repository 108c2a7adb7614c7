"""Countries and regions: dated, sourced, never guessed."""

from datetime import date

import pytest

from klover.policy.countries import BUILT_IN, EDITION, EDITION_DATE
from klover.policy.country import (
    change_days,
    codes,
    folded,
    inside,
    is_group,
    meet,
    members,
    name,
    resolve,
    within,
)
from klover.policy.country_names import NAMES
from klover.policy.country_native import NATIVE
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
        ("U.K.", "GB"),
        ("Kosova", "XK"),
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
    assert inside(code, EEA, TODAY, BUILT_IN)


@pytest.mark.parametrize(
    "code",
    ["GL", "FO", "PF", "NC", "SJ", "GI", "JE", "GG", "IM", "XK", "GB", "CH", "VA", "BL", "TR"],
)
def test_outside_the_eea(code: str) -> None:
    assert not inside(code, EEA, TODAY, BUILT_IN)


def test_the_eea_counts_thirty_states_and_their_territories() -> None:
    territories = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
    assert len(members(EEA, TODAY, BUILT_IN) - territories) == 30
    assert members(Region(names=("EU",)), TODAY, BUILT_IN) <= members(EEA, TODAY, BUILT_IN)
    assert members(Region(names=("EFTA",)), TODAY, BUILT_IN) == {"CH", "IS", "LI", "NO"}


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
        assert inside(code, ADEQUATE, TODAY, BUILT_IN), code
    assert not inside("US", ADEQUATE, TODAY, BUILT_IN)
    assert not inside("CA", ADEQUATE, TODAY, BUILT_IN)
    assert not inside("BR", ADEQUATE, TODAY, BUILT_IN)  # from the Union only, not from Norway
    assert not inside("JP", ADEQUATE, date(2019, 1, 22), BUILT_IN)
    assert inside("GB", ADEQUATE, date(2031, 12, 27), BUILT_IN)
    assert not inside("GB", ADEQUATE, date(2031, 12, 28), BUILT_IN)
    assert inside("IE", ADEQUATE, TODAY, BUILT_IN)


def test_membership_is_dated() -> None:
    eu = Region(names=("EU",))
    assert inside("HR", eu, date(2013, 7, 1), BUILT_IN)
    assert not inside("HR", eu, date(2013, 6, 30), BUILT_IN)


def test_every_membership_has_a_source_and_a_sound_span() -> None:
    for membership in BUILT_IN.memberships:
        assert membership.source
        assert is_group(membership.group, BUILT_IN)
        assert membership.country in codes()
        assert membership.until is None or membership.until > membership.since
    assert change_days(BUILT_IN)[0] == EDITION_DATE


def test_an_unknown_place_is_inside_no_region_but_any() -> None:
    assert not inside(None, HOME, TODAY, BUILT_IN)
    assert not inside(None, Region(names=("CN",), negated=True), TODAY, BUILT_IN)
    assert inside(None, Region(everywhere=True), TODAY, BUILT_IN)


def test_regions_compare() -> None:
    anywhere = Region(everywhere=True)
    not_adequate = Region(names=("adequate",), negated=True)
    assert within(Region(names=("IE", "NO")), EEA, BUILT_IN)
    assert within(HOME, HOME, BUILT_IN)
    assert within(anywhere, anywhere, BUILT_IN)
    assert not within(anywhere, Region(names=tuple(codes())), BUILT_IN)
    assert not within(HOME, EEA, BUILT_IN)
    assert not within(HOME, ADEQUATE, BUILT_IN)  # the United Kingdom's ends in 2031
    assert meet(not_adequate, Region(names=("CN",)), TODAY, BUILT_IN)
    assert not meet(not_adequate, HOME, TODAY, BUILT_IN)
    assert meet(anywhere, anywhere, TODAY, BUILT_IN)


OFFICIAL = """
AT Österreich|BE België|BE Belgique|BE Belgien|BG България|HR Hrvatska|CY Κύπρος|CY Kıbrıs|CZ Česko
DK Danmark|EE Eesti|FI Suomi|FI Finland|FR France|DE Deutschland|GR Ελλάδα|HU Magyarország|IE Éire
IT Italia|LV Latvija|LT Lietuva|LU Lëtzebuerg|LU Luxembourg|LU Luxemburg|MT Malta|NL Nederland
PL Polska|PT Portugal|RO România|SK Slovensko|SI Slovenija|ES España|SE Sverige|IS Ísland
LI Liechtenstein|NO Norge|NO Noreg|CH Schweiz|CH Suisse|CH Svizzera|CH Svizra|GB Y Deyrnas Unedig
RE La Réunion|AX Åland|FO Føroyar|GL Kalaallit Nunaat|XK Kosovë|UA Україна|TR Türkiye|JP 日本
"""  # noqa: RUF001 - Turkish


@pytest.mark.parametrize("row", OFFICIAL.strip().replace("\n", "|").split("|"))
def test_a_country_in_its_own_languages(row: str) -> None:
    code, text = row.split(" ", 1)
    plain = text.replace("Ö", "O").replace("é", "e").replace("É", "E").replace("ř", "r")
    for spelling in (text, text.upper(), text.lower(), text.title(), plain):
        assert resolve(spelling) == code, spelling


def test_every_code_name_and_native_name_leads_to_its_country() -> None:
    for line in NAMES.strip().splitlines():
        two, three, names = line.split(" ", 2)
        for variant in (two, three, *names.split("|")):
            for spelling in (variant, variant.lower(), variant.upper(), folded(variant)):
                assert resolve(spelling) == two, spelling
    for line in NATIVE.strip().splitlines():
        two, native = line.split(" ", 1)
        assert two in codes()
        for variant in native.split("|"):
            assert resolve(variant) == two, variant
    european = members(Region(names=("EEA",)), TODAY, BUILT_IN)
    named = {line[:2] for line in NATIVE.strip().splitlines()}
    same_in_english = {"FR", "GP", "LI", "MQ", "MT", "PT", "RO", "YT"}
    assert european - named <= same_in_english | {"MF"}


@pytest.mark.parametrize(
    "text", ["Korea", "Virgin Islands", "Saint Martin", "Saint-Martin", "Channel Islands", "Guyan"]
)
def test_what_two_countries_share_means_neither(text: str) -> None:
    assert resolve(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GB-SCT", "GB"), ("Cymru", "GB"), ("Açores", "PT"), ("acores", "PT"), ("Madeira", "PT"),
        ("Canarias", "ES"), ("Ceuta", "ES"), ("Guyane", "GF"), ("Ahvenanmaa", "AX"),
        ("Grønland", "GL"), ("FÆRØERNE", "FO"), ("Oesterreich", "AT"), ("Hellas", "GR"),
        ("Timor Leste", "TL"), ("Guinea Bissau", "GW"), ("Cote d Ivoire", "CI"), ("LU-", "LU"),
    ],
)  # fmt: skip
def test_parts_of_states_and_loose_spellings(text: str, code: str) -> None:
    assert resolve(text) == code


UK_LIST = Region(names=("adequate-uk",))
SWISS_LIST = Region(names=("adequate-ch",))


def test_the_three_lists_of_adequacy_stand_apart() -> None:
    eu, uk, swiss = (members(one, TODAY, BUILT_IN) for one in (ADEQUATE, UK_LIST, SWISS_LIST))
    assert members(EEA, TODAY, BUILT_IN) <= eu & uk & swiss
    assert {"GI"} <= (uk & swiss) - eu
    assert {"MC"} <= swiss - eu - uk
    assert {"JP"} <= eu - uk - swiss
    assert {"KR"} <= (eu & uk) - swiss
    for listed in (eu, uk, swiss):
        assert not {"US", "CA", "CN", "BR", "GL", "XK"} & listed
        assert {"GB", "CH", "NZ", "JE", "GG", "IM", "FO", "AD", "AR", "IL", "UY"} <= listed
    assert not inside("KR", UK_LIST, date(2022, 12, 18), BUILT_IN)


def test_a_conditional_decision_is_on_the_list_and_counts_for_nothing() -> None:
    conditional = {
        (row.group, row.country) for row in BUILT_IN.memberships if row.condition is not None
    }
    assert conditional == {
        ("adequate", "CA"), ("adequate", "US"), ("adequate", "BR"), ("adequate-uk", "CA"),
        ("adequate-uk", "JP"), ("adequate-uk", "US"), ("adequate-ch", "CA"), ("adequate-ch", "US"),
    }  # fmt: skip
    for group, code in conditional:
        assert not inside(code, Region(names=(group,)), date(2040, 1, 1), BUILT_IN)


def test_the_edition_is_named() -> None:
    assert BUILT_IN.edition == EDITION
    assert BUILT_IN.since == EDITION_DATE
