"""Findings: each on its line, each with what mends it."""

from datetime import date

import pytest

from doubles.catalogs import POLICY, catalog, table, videos
from doubles.signed import CARL, PEOPLE, signing
from klover.catalog import Catalog
from klover.errors import PolicyError
from klover.log.keys import make_key
from klover.policy.check import check, faults
from klover.policy.explain import explain_audience, explain_column, explain_table
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace

ON = date(2026, 11, 24)


def findings(text: str, found: Catalog | None = None) -> list[str]:
    told = check(parse(text, "k.yaml"), found, ON)
    return [str(one) for one in told if one.severity is not Severity.NOTE]


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def test_the_example_has_nothing_but_notes() -> None:
    told = check(parse(POLICY, "k.yaml"), videos(), ON)
    assert [one.severity for one in told] == [Severity.NOTE] * 3
    assert "sees no row of follows" in told[0].message


CASES: list[tuple[str, str, str, str, str]] = [
    # change from, change to, line with, severity, words
    ("located: [EEA, GB, CH]}", "located: [EEA, US]}", "trust-and-safety:", "error",
     "need not be located where it may rest"),
    ("requires: {purpose: accounts}", "identifiers: pseudonymised", "finance-europe:", "error",
     "needs no purpose"),
    ("located: [EEA, GB, CH]}", "located: any}", "- {located: not adequate", "error",
     "audience trust-and-safety (line"),
    ("sees: restricted}\n", "identifiers: clear}\n", "- {located: not adequate", "error",
     "audience creators-abroad"),
    ('reference: "CASE-[0-9]+"', "approvals: 2", "requires: {purpose: [abuse", "warning",
     "approvals cannot be given yet"),
    ("networks: {10.20.0.0/16: IE", "networks: {10.20.0.0/16: US", "networks:", "warning",
     "Network 10.20.9.0/24 lies in 10.20.0.0/16 but in another country, and only one"),
    ("10.60.0.0/16: CN", "10.60.0.0/16: EEA", "", "", ""),
    ("rests_in: [EEA, GB, CH]", "rests_in: [EEA, GB, CH, RS]", "rests_in", "warning",
     "Protected data may rest in Serbia"),
    ("networks:", "places: {w: {kind: k, jurisdiction: US, state: unknown}}\nnetworks:",
     "places:", "warning", "Nobody knows what place w holds"),
    ("      privacy: interoperable\n", "", "  accounts:", "warning", "nobody classified privacy"),
    ("{class: interoperable, identifies: directly}", "{class: interoperable, identifies: no}",
     "id:      {", "warning", "accounts.id is the row key"),
    ("title: public", "title: {class: public, identifies: no}", "title:", "warning",
     "free text or media (text)"),
    ("{class: public, identifies: directly, unique: global}", "public", "handle:", "warning",
     "does not say whether it is `local` or `global`"),
    ("    public_rows: visibility = 'public'\n", "", "  comments:", "warning",
     "hang off videos, whose rows are all restricted"),
    ("      video_id: interoperable", "      video_id: restricted", "      video_id:", "warning",
     "comments.video_id may not be NULL and a key stands on it"),
    ("visibility = 'public'", "length(title) > 3 and language_code = 'ga' and id > 0", "", "", ""),
    ("      visibility: interoperable\n", "      visibility: restricted\n", "  videos:", "warning",
     "depends on visibility, which is restricted"),
    ("  languages: shared", "  languages: {subject: from videos.language_code.account_id}",
     "  languages:", "warning", "nobody classified code, name"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "severity", "words"), CASES)
def test_found(old: str, new: str, where: str, severity: str, words: str) -> None:
    assert old in POLICY
    text = POLICY.replace(old, new, 1)
    told = findings(text, videos())
    if not words:
        assert told == []
        return
    start = f"k.yaml:{line_of(text, where)}: {severity}: "
    assert any(one.startswith(start) and words in one for one in told), told


def test_evidence_that_tells_nothing() -> None:
    found = videos()
    for old, new, words in (
        ("home: country", "home: [country, {phone: id}]", "accounts.id is bigint, which holds no"),
        ("home: country", "home: [{ip: privacy}, country]", "holds no network address"),
        ("home: country", "home: [{locale: privacy}, country]", ""),  # an enumeration of locales
    ):
        told = [one for one in findings(POLICY.replace(old, new), found) if "error" in one]
        assert all(one.startswith("k.yaml:7: error: ") and words in one for one in told)
        assert bool(told) == bool(words)


def notes(text: str) -> list[str]:
    told = check(parse(text, "k.yaml"), None, ON)
    return [str(one) for one in told if one.severity is Severity.NOTE]


def test_a_cast_that_only_a_database_can_judge() -> None:
    text = POLICY.replace("public_rows: visibility = 'public'", "public_rows: id::numeric > 9")
    assert text != POLICY
    (told,) = [each for each in notes(text) if "public_rows" in each]
    assert f"k.yaml:{line_of(text, '  videos:')}: note: Whether `public_rows` of videos" in told
    assert "--dsn" in told
    assert not [each for each in notes(POLICY) if "public_rows" in each]
    known = check(parse(text, "k.yaml"), videos(), ON)
    assert not [each for each in known if "may cast" in each.message]


def test_homes_that_nothing_tells_and_addresses_that_need_a_table() -> None:
    assert any("everybody counts as inside" in one for one in notes(POLICY.replace(
        "home: country", "home: none")))  # fmt: skip
    (told,) = (one for one in notes(POLICY.replace("home: country", "home: {ip: a.b}"))
               if "network addresses" in one)  # fmt: skip
    assert "ip_countries" in told


def test_a_network_somewhere_in_a_group_lets_in_only_where_all_of_it_does() -> None:
    start, end = POLICY.index("networks:"), POLICY.index("never:")
    told = findings(POLICY[:start] + "networks: {10.0.0.0/8: [EEA, CN]}\n" + POLICY[end:])
    assert len(told) == 2
    assert all("no network of the policy lies" in one for one in told)
    assert findings(POLICY[:start] + "networks: {10.0.0.0/8: EEA}\n" + POLICY[end:]) == []


def test_an_audience_whom_no_network_lets_in() -> None:
    start = POLICY.index("networks:")
    text = POLICY[:start] + POLICY[POLICY.index("never:") :]
    told = findings(text)
    assert [one.split(":")[2].strip() for one in told] == ["warning", "warning"]
    assert all("no network of the policy lies" in one for one in told)


def test_a_shared_table_with_something_personal() -> None:
    found = catalog(
        *videos().tables.values(), table("staff", "id bigint pk", "email text", "age integer")
    )
    text = POLICY.replace("  languages: shared", "  languages: shared\n  staff: shared")
    (told,) = findings(text, found)
    assert "email, age are public, but they look personal" in told
    classified = (
        "  languages: shared\n  staff: {shared: true, columns: {email: restricted, age: public}}"
    )
    assert findings(POLICY.replace("  languages: shared", classified), found) == []


def test_a_column_without_a_neutral_value() -> None:
    wide = table(
        "accounts", "id bigint pk", "handle text", "email text", "privacy text enum",
        "country text null", "track geometry", "code uuid", unique=(("handle",), ("email",)),
    )  # fmt: skip
    found = catalog(*(wide if one.name == wide.name else one for one in videos().tables.values()))
    added = "      privacy: interoperable\n      track: restricted\n      code: restricted\n"
    text = POLICY.replace("      privacy: interoperable\n", added)
    text = text.replace(', stub: "{key}@stub.invalid"', "")
    told = "\n".join(findings(text, found))
    assert "accounts.email" not in told  # a unique text is made from the row's key
    assert "its type geometry has no neutral value" in told
    assert "accounts.code" not in told


def test_what_does_not_fit_is_told_as_errors() -> None:
    told = findings(POLICY.replace("  languages: shared\n", ""), videos())
    assert told[0].startswith("k.yaml:9: error: Table languages cannot be traced")
    with pytest.raises(PolicyError) as caught:
        parse(POLICY.replace("klover: 1", "klover: 7").replace("key: id", "kye: id"), "k.yaml")
    assert [one.line for one in faults(caught.value)] == [1, 5, 6]


def resolved() -> Resolved:
    return trace(parse(POLICY, "k.yaml"), videos())


def test_explanations_fit_a_screen_and_say_why() -> None:
    whole = resolved()
    who = whole.policy.audiences["engineering-abroad"]
    (comments,) = [name for name in whole.tables if name.name == "comments"]
    lines = explain_table(whole, who, comments)
    assert (
        lines[2]
        == "rows         public ones: the row of videos that video_id refers to is public too"
    )
    assert "  body        absent     identifies directly" in "\n".join(lines)
    closed = trace(
        parse(POLICY.replace("    public_rows: visibility = 'public'\n", ""), "k.yaml"), videos()
    )
    assert explain_table(closed, who, comments)[2].endswith(
        "is public too (none is: that table has no `public_rows`)"
    )
    (videos_name,) = [name for name in whole.tables if name.name == "videos"]
    lines = explain_column(whole, who, videos_name, "account_id")
    assert (
        "shown        pseudonym: interoperable, shown as a pseudonym of the row of accounts"
        in lines
    )
    assert "rows         public ones: where (visibility = 'public') is true" in lines
    lines = explain_audience(whole.policy, who)
    assert "restricted   never shown to this audience" in lines
    assert len(lines) < 24


def test_a_category_that_the_taxonomy_does_not_know() -> None:
    odd = POLICY.replace("email:   {", "email:   {category: user.contact.emial, ")
    odd = odd.replace(
        "\nsubjects:", '\ndefaults: {columns: {"x": {class: public, category: a.b}}}\nsubjects:'
    )
    found = check(parse(odd, "p.yaml"), None, ON)
    told = [one for one in found if "has no category" in one.message]
    assert [one.severity for one in told] == [Severity.WARNING] * 2
    assert "did you mean 'user.contact.email'?" in told[1].message
    assert "The default 'x'" in told[0].message
    assert told[1].line == odd[: odd.index("emial")].count("\n") + 1
    assert not [one for one in check(parse(POLICY, "p"), None, ON) if "category" in one.message]


@pytest.mark.parametrize(
    ("section", "found"),
    [
        (signing(*PEOPLE, ("carl", CARL)), []),
        (signing(*PEOPLE), ["needs all 2 signers"]),
        (signing(*PEOPLE, ("carl", CARL), delay="23h"), ["takes effect 23h after"]),
        (
            signing(*PEOPLE, ("carl", make_key("anna", seed=bytes(32)))),
            ["keys of signers anna and carl are of one name (anna)"],
        ),
    ],
)
def test_who_may_change_it(section: str, found: list[str]) -> None:
    usual = [str(one) for one in check(parse(POLICY, "k.yaml"), None, ON)]
    told = [str(one) for one in check(parse(POLICY + section, "k.yaml"), None, ON)]
    new = [one for one in told if one not in usual]
    assert len(new) == len(found)
    assert all(words in one for words, one in zip(found, new, strict=True))
