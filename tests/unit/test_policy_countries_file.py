"""A file that corrects the country data: pinned, strict, and named by every decision."""

import hashlib
from datetime import date

import pytest

from doubles.catalogs import POLICY
from klover.errors import PolicyError
from klover.policy.check import check
from klover.policy.country import change_days, inside, members, within
from klover.policy.diff import diff
from klover.policy.difference import Direction
from klover.policy.faults import PolicyErrors
from klover.policy.model import Policy, Region
from klover.policy.parse import parse
from klover.policy.parse.countries import named_file

TODAY = date(2026, 11, 24)
FILE = """\
klover-countries: 1
memberships:
  - {group: adequate, country: Brasil, since: 2027-01-01, source: "EEA Joint Committee 1/2027"}
  - {group: adequate, country: AR, since: 2003-06-30, until: 2026-12-31, source: "repealed"}
  - {group: trusted, country: SG, since: 2026-01-01, source: "our contract"}
  - {group: trusted, country: SG, since: 2028-01-01, condition: payments only, source: "the next"}
"""
FILE = FILE.replace('source: "our contract"', 'until: 2027-12-31, source: "our contract"')


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def pinned(text: str = FILE, policy: str = POLICY) -> str:
    pin = f"countries: {{file: countries.yaml, sha256: {digest(text)}}}\n"
    return policy.replace("subjects:", pin + "subjects:", 1)


def read(text: str = FILE, policy: str = POLICY) -> Policy:
    return parse(pinned(text, policy), "k.yaml", text)


def faults(error: PolicyError) -> list[str]:
    errors = error.errors if isinstance(error, PolicyErrors) else (error,)
    return [str(one) for one in errors]


def test_a_file_adds_changes_and_defines() -> None:
    known = read().countries
    adequate, trusted = Region(names=("adequate",)), Region(names=("trusted",))
    assert known.edition == f"2026-11+sha256:{digest(FILE)}"
    assert not inside("BR", adequate, date(2026, 12, 31), known)
    assert inside("BR", adequate, date(2027, 1, 1), known)
    assert inside("AR", adequate, TODAY, known)
    assert not inside("AR", adequate, date(2027, 1, 1), known)
    assert members(trusted, TODAY, known) == {"SG"}
    assert members(trusted, date(2028, 1, 1), known) == frozenset(), "a condition counts for none"
    assert date(2027, 1, 1) in change_days(known)
    assert not within(Region(names=("AR",)), adequate, known)
    assert inside("NZ", adequate, TODAY, known), "what the file does not name stays"


def test_what_the_file_ends_in_the_eea_ends_in_what_rests_on_it() -> None:
    row = '  - {group: EEA, country: IS, since: 1994-01-01, until: 2026-11-01, source: "left"}\n'
    known = read("klover-countries: 1\nmemberships:\n" + row).countries
    assert not inside("IS", Region(names=("EEA",)), TODAY, known)
    assert not inside("IS", Region(names=("adequate",)), TODAY, known)


def test_a_correction_is_told_in_a_diff_with_the_countries_that_it_changes() -> None:
    policy = POLICY.replace("[creators], located: any", "[creators], located: trusted")
    row = '  - {group: trusted, country: US, since: 2026-01-01, source: "another"}\n'
    (one,) = diff(read(policy=policy), read(FILE + row, policy))
    assert (one.audience, one.direction) == ("creators-abroad", Direction.LOOSENS)
    assert one.text == "has to be located in trusted (now with US), before trusted"


@pytest.mark.parametrize("name", ["/etc/passwd", "../c.yaml", "a/../../c.yaml", "C:\\c", "..\\c"])
def test_a_file_elsewhere_is_refused_before_it_is_read(name: str) -> None:
    text = pinned().replace("file: countries.yaml", f"file: '{name}'")
    with pytest.raises(PolicyError, match="beside the policy") as caught:
        named_file(text, "k.yaml")
    assert text.splitlines()[caught.value.line - 1].startswith("countries:")
    assert named_file(text.replace(name, "data/countries.yaml"), "k.yaml") == "data/countries.yaml"


def test_its_groups_stand_wherever_a_country_does() -> None:
    text = POLICY.replace("10.60.0.0/16: CN", "10.60.0.0/16: trusted")
    text = text.replace(
        "located: any}\n    sees: [interoperable, public]\n    identifiers",
        "located: [trusted]}\n    sees: [interoperable, public]\n    identifiers",
    )
    text = text.replace("rests_in: [EEA, GB, CH]", "rests_in: [EEA, GB, CH, trusted]")
    text = text.replace("located: not adequate", "located: not trusted")
    text += "places: {p: {kind: k, jurisdiction: trusted, state: declared}}\n"
    policy = read(policy=text)
    assert policy.rests_in.names[-1] == "trusted"
    assert policy.networks[1].where.names == ("trusted",)
    assert policy.places["p"].jurisdiction == "trusted"
    with pytest.raises(PolicyError, match="'trusted' is no country or group"):
        parse(text, "k.yaml")


def test_check_tells_what_was_corrected_and_which_group_is_empty() -> None:
    text = POLICY.replace("10.60.0.0/16: CN", "10.60.0.0/16: trusted")
    told = [str(one) for one in check(read(policy=text), None, TODAY)]
    (corrected,) = [one for one in told if "corrects the country data" in one]
    assert "4 memberships in adequate, trusted, in place of 2." in corrected
    assert corrected.startswith(f"k.yaml:{read(policy=text).countries_line}:")
    assert not [one for one in told if "holds no country" in one]
    later = [str(one) for one in check(read(policy=text), None, date(2028, 1, 1))]
    (empty,) = [one for one in later if "holds no country" in one]
    assert empty.startswith("k.yaml:")
    assert "warning: The group trusted holds no country on 2028-01-01." in empty


def test_the_policy_names_the_file_to_read() -> None:
    assert named_file(pinned(), "k.yaml") == "countries.yaml"
    assert named_file(POLICY, "k.yaml") is None
    assert named_file(POLICY.replace("languages", "countries"), "k.yaml") is None
    assert named_file(POLICY + "countries: 3\n", "k.yaml") is None


@pytest.mark.parametrize(
    ("policy", "text", "words"),
    [
        (pinned(), FILE + "# changed\n", "another SHA-256"),
        (pinned(), None, "names the file countries.yaml, which was not read"),
        (pinned().replace(digest(FILE), "abc"), FILE, "64 digits"),
        (pinned().replace("file:", "fiel:"), FILE, "did you mean 'file'?"),
        (POLICY + "countries: countries.yaml\n", FILE, "has to be a mapping"),
    ],
)
def test_a_pin_that_does_not_hold(policy: str, text: str | None, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse(policy, "k.yaml", text)
    found = faults(caught.value)
    assert any(one.startswith("k.yaml:") and words in one for one in found), found


ROW = "  - {group: trusted, country: SG, since: 2026-01-01, source: s}\n"
HEAD = "klover-countries: 1\nmemberships:\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "A file of countries is a mapping; it begins with `klover-countries: 1`"),
        ("klover-countries: 2\nmemberships:\n" + ROW, 1, "a number from 1 to 1"),
        ("klover-countries: 1\n", 1, "needs `memberships:`"),
        ("klover-countries: 1\nmemberships: []\n", 2, "empty list"),
        (HEAD + ROW.replace("SG", "Atlantis"), 3, "'Atlantis' is no country"),
        (HEAD + ROW.replace("trusted", "Singapore"), 3, "cannot be a group's name"),
        (HEAD + ROW.replace("trusted", "any"), 3, "cannot be a group's name"),
        (HEAD + ROW.replace("2026-01-01", "20260101"), 3, "has to be a text, this is a number"),
        (HEAD + ROW.replace("2026-01-01", "2026-02-30"), 3, "has to be a day"),
        (HEAD + ROW.replace("source: s", "until: 2025-01-01, source: s"), 3, "ends before"),
        (HEAD + ROW.replace(", source: s", ""), 3, "needs `source:`"),
        (HEAD + ROW.replace("source: s", "source: s, sources: t"), 3, "has no key 'sources'"),
        (HEAD + ROW + ROW, 4, "Singapore is in trusted twice at the same time"),
        (HEAD + ROW.replace("source", "until: 2026-06-30, source")
         + ROW.replace("2026-01-01", "2026-06-30"), 4, "twice at the same time"),
        (HEAD + "  - trusted\n", 3, "has to be a mapping"),
        (HEAD + "  - &x {group: trusted}\n", 3, "anchors"),
    ],
)  # fmt: skip
def test_a_file_at_fault_is_told_with_its_own_line(text: str, line: int, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(text)
    found = faults(caught.value)
    assert any(one.startswith(f"countries.yaml:{line}: ") and words in one for one in found), found
