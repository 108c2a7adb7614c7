"""What a diff says of one change at a time, by rules and held against a catalog."""

from dataclasses import fields
from datetime import date

import pytest

from doubles.catalogs import POLICY, videos
from klover.cli.policy_diff import show
from klover.log.keys import make_key
from klover.policy.countries import BUILT_IN
from klover.policy.country import members
from klover.policy.diff import diff, diff_resolved, entry as diff_entry, rules as diff_rules
from klover.policy.diff.shown import Shown, at_most
from klover.policy.difference import Counted, Difference, Direction, overall
from klover.policy.model import (
    Audience,
    Coarsen,
    Coarsening,
    ColumnRule,
    Policy,
    Region,
    Requires,
    TableRule,
)
from klover.policy.parse import parse
from klover.policy.resolved import PartSight, Show
from klover.policy.trace import trace

LOOSENS, TIGHTENS, MOVES = Direction.LOOSENS, Direction.TIGHTENS, Direction.MOVES
OLD = parse(POLICY, "old.yaml")
FINANCE = "groups: [finance], located: [EEA]"
OFFICE = "'Mon-Fri 08:00-18:00 Europe/Dublin'"

ANNA, BERT, OLGA = (
    make_key(name, seed=bytes([number]) * 32).verifier.vkey
    for number, name in enumerate(("anna", "bert", "olga"), 1)
)


def changed(*changes: tuple[str, str]) -> Policy:
    text = POLICY
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return parse(text, "new.yaml")


def both(new: Policy) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    return diff(OLD, new), diff_resolved(trace(OLD, videos()), trace(new, videos()))


def told(differences: tuple[Difference, ...]) -> list[tuple[Direction, str | None, str]]:
    return [(one.direction, one.audience, one.text) for one in differences]


@pytest.mark.parametrize(
    "change",
    [
        ("rests_in: [EEA, GB, CH]", "rests_in: [CH, EEA, United Kingdom] # the same"),
        ("      privacy: interoperable\n", "      privacy: {class: interoperable}\n"),
        ("10.20.0.0/16: IE,", "10.20.0.0/17: IE, 10.20.128.0/17: Ireland,"),
        (
            "  finance-europe:\n    who: {groups: [finance]",
            "  finance-europe:\n    who: {groups: finance",
        ),
        (
            "  - {located: not adequate, sees: restricted}",
            "  - {located: not adequate, sees: [restricted]}\n  - {located: CN, sees: restricted}",
        ),
    ],
    ids=["order", "long form", "halves", "one for a list", "never"],
)
def test_texts_of_the_same_meaning_have_no_difference(change: tuple[str, str]) -> None:
    new = changed(change)
    assert both(new) == ((), ())


@pytest.mark.parametrize(
    ("change", "direction", "audience", "words"),
    [
        (
            ("email:   {class: restricted", "email:   {class: public"),
            LOOSENS,
            "creators-abroad",
            "would newly see accounts.email in clear",
        ),
        (
            ("title: public", "title: restricted"),
            TIGHTENS,
            "creators-abroad",
            "would no longer see videos.title",
        ),
        (
            ("public_rows: visibility = 'public'", "public_rows: true"),
            LOOSENS,
            "engineering-abroad",
            "would see of videos all rows, before rows where visibility = 'public'",
        ),
        (
            ("public_rows: visibility = 'public'", "public_rows: visibility <> 'private'"),
            MOVES,
            "engineering-abroad",
            "would see of videos rows where visibility <> 'private', before rows where visibility",
        ),
        (
            ("hangs_off: [video_id]", "hangs_off: []"),
            LOOSENS,
            "engineering-abroad",
            "would see of comments all rows, whatever they refer to, before all rows",
        ),
        (
            ("groups: [finance], located: [EEA]", "groups: [finance], located: [EEA, GB]"),
            LOOSENS,
            "finance-europe",
            "has to be located in EEA, GB, before EEA",
        ),
        (
            ("groups: [finance]", "groups: [finance, audit]"),
            LOOSENS,
            "finance-europe",
            "has the groups finance, audit, before finance",
        ),
        (("expires: 8h", "expires: 4h"), TIGHTENS, "trust-and-safety", "has to end after 4h"),
        (("purpose: [abuse, legal]", "purpose: abuse"), TIGHTENS, "trust-and-safety", "purposes"),
        (('reference: "CASE-[0-9]+", ', ""), LOOSENS, "trust-and-safety", "none, before CASE-"),
        (('"CASE-[0-9]+"', '"CASE-[0-9]*"'), MOVES, "trust-and-safety", "the form of reference"),
        (("expires: 8h", "expires: 8h, approvals: 1"), TIGHTENS, "trust-and-safety", "approvals 1"),
        *[
            ((before, after), direction, "finance-europe", words)
            for before, after, direction, words in (
                (FINANCE, f"{FINANCE}, claims: {{office: [dublin]}}", TIGHTENS, "office (dublin)"),
                (FINANCE, f"{FINANCE}, networks: [10.20.0.0/16]", TIGHTENS, "the networks"),
                ("purpose: accounts", f"purpose: accounts, hours: {OFFICE}", TIGHTENS, "the hours"),
                (
                    "requires: {purpose: accounts}",
                    "requires: {purpose: accounts}\n    limits: {day: {rows: 100}}",
                    TIGHTENS,
                    "has the limits 100 rows a day, before none",
                ),
            )
        ],
        (
            ("sees: [interoperable, public]\nnetworks", "sees: [public]\nnetworks"),
            TIGHTENS,
            "engineering-abroad",
            "would no longer see",
        ),
        (
            ("  engineering-abroad:\n", "  engineers:\n"),
            LOOSENS,
            "engineers",
            "is new and may be entered by those it names",
        ),
        (("rests_in: [EEA, GB, CH]", "rests_in: [EEA, GB]"), TIGHTENS, None, "may rest in EEA, GB"),
        (("inside: [EEA, GB, CH]", "inside: [EEA, GB]"), LOOSENS, None, "count as inside"),
        (("key: id", "key: handle"), MOVES, None, "the subjects are the rows of"),
        (("home: country", "home: privacy"), MOVES, None, "where people live"),
        (("10.60.0.0/16: CN, ", ""), TIGHTENS, None, "the network 10.60.0.0/16 lies in no known"),
        (
            ("10.60.0.0/16: CN", "10.60.0.0/16: IE"),
            MOVES,
            None,
            "10.60.0.0/16 lies in IE, before CN",
        ),
        (
            ("10.20.0.0/16: IE", "10.0.0.0/8: IE"),
            LOOSENS,
            None,
            "10.0.0.0/8 lies in IE, before none",
        ),
        (("not adequate, sees", "CN, sees"), LOOSENS, None, "no longer forbidden everywhere"),
        (("not adequate, sees", "any, sees"), TIGHTENS, None, "is forbidden in more places"),
        (
            ("stays_outside: [interoperable, public]", "stays_outside: interoperable"),
            TIGHTENS,
            None,
            "values of comments.body may no longer stay outside",
        ),
        (("title: public", "title: {class: public, category: user.name}"), MOVES, None, "label"),
        (
            ("languages: shared", "languages: {subject: from videos.language_code.account_id}"),
            MOVES,
            None,
            "is traced to people",
        ),
        (
            ("subject: [follower_id, followee_id]", "subject: follower_id"),
            MOVES,
            None,
            "rows of follows belong to subjects by another way",
        ),
        (("enclave: europe", "enclave: home"), MOVES, None, "the enclave is named home"),
        (
            ("networks:", "applications: {api: {certificate: c, role: r, hosts: h}}\nnetworks:"),
            LOOSENS,
            None,
            "the application api is new",
        ),
        (
            ("networks:", "places: {p: {kind: k, jurisdiction: US, state: declared}}\nnetworks:"),
            MOVES,
            None,
            "the place p is new",
        ),
    ],
)
def test_a_change_is_told(
    change: tuple[str, str], direction: Direction, audience: str | None, words: str
) -> None:
    for differences in both(changed(change)):
        fitting = [one for one in differences if one.audience == audience and words in one.text]
        assert {one.direction for one in fitting} == {direction}, told(differences)


def test_a_signing_section_tightens_where_it_comes_and_counts_as_loosening_ever_after() -> None:
    section = (
        f"signing:\n  signers: {{anna: {{key: {ANNA}, located: IE}}, "
        f"bert: {{key: {BERT}, located: DE}}}}\n  delay: 48h\n  overseer: {OLGA}\nnetworks:"
    )
    signed = changed(("networks:", section))
    assert overall(diff(OLD, signed)) is TIGHTENS
    assert overall(diff(signed, OLD)) is LOOSENS
    for before, after in (("48h", "96h"), ("48h", "24h"), ("located: IE", "located: FR")):
        other = changed(("networks:", section.replace(before, after)))
        assert overall(diff(signed, other)) is LOOSENS
        assert overall(diff(other, signed)) is LOOSENS


def test_a_part_of_the_language_without_a_comparison_moves() -> None:
    """Take the comparison of one field away: its change is told all the same."""
    known = diff_rules._POLICY_KNOWN - {"enclave"}
    other = changed(("enclave: europe", "enclave: home"))
    (found,) = diff_rules._others(OLD, other, known, "the policy")
    assert (found.direction, found.text) == (MOVES, "the policy says something else of `enclave`")
    assert diff_rules._others(OLD, OLD, frozenset({"file", "digest"}), "the policy") == []


def test_to_be_coarse_of_more_loosens() -> None:
    def policy(*names: str) -> Policy:
        rule = f"title: {{class: public, identifies: no, coarse_of: [{', '.join(names)}]}}"
        return changed(
            ("title: public", rule if names else "title: {class: public, identifies: no}")
        )

    column = "videos.title"
    for old, new, direction, words in (
        (policy(), policy("a", "b"), LOOSENS, "may be seen more widely than a, b, as coarse of it"),
        (policy("a", "b"), policy("b"), TIGHTENS, "may no longer be seen more widely than a"),
    ):
        (found,) = diff(old, new)
        assert found.direction is direction
        assert found.text.startswith(f"{column} {words}")


def test_every_comparison_is_of_a_field_that_is_there() -> None:
    for kind, known in (
        (Policy, diff_rules._POLICY_KNOWN),
        (TableRule, diff_rules._TABLE_KNOWN),
        (ColumnRule, diff_rules._BY_SIGHT | set(diff_rules._COLUMN_WORDS)),
    ):
        assert known <= {field.name for field in fields(kind)}
    assert {
        field.name for kind in (Audience, Requires) for field in fields(kind)
    } == diff_entry.KNOWN


def test_an_unknown_part_of_an_audience_moves() -> None:
    condition = diff_entry._unknown("hours")
    assert condition.at_most((1,), (1,))
    assert not condition.at_most((1,), ())


COARSE = [
    (Coarsen(by=Coarsening.YEAR), Coarsen(by=Coarsening.MONTH), True),
    (Coarsen(by=Coarsening.MONTH), Coarsen(by=Coarsening.YEAR), False),
    (Coarsen(by=Coarsening.ROUND, argument=20), Coarsen(by=Coarsening.ROUND, argument=10), True),
    (Coarsen(by=Coarsening.ROUND, argument=15), Coarsen(by=Coarsening.ROUND, argument=10), False),
    (Coarsen(by=Coarsening.FIRST, argument=1), Coarsen(by=Coarsening.FIRST, argument=2), True),
    (Coarsen(by=Coarsening.FIRST, argument=3), Coarsen(by=Coarsening.FIRST, argument=2), False),
    (Coarsen(by=Coarsening.REGION), Coarsen(by=Coarsening.NETWORK), False),
]


@pytest.mark.parametrize(("one", "other", "less"), COARSE)
def test_coarse_values_compare_where_one_is_made_from_the_other(
    one: Coarsen,
    other: Coarsen,
    less: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert at_most(*(Shown(show=Show.COARSE, coarsen=each) for each in (one, other))) is less


WHO = (
    "who: {{groups: [g], located: any{0}}}\n    sees: public\n    requires: {{purpose: [p]{1}}}{2}"
)
ADMISSIONS = [  # the wider first
    ("", ", hours: Mon 08:00-18:00 UTC", "", ", hours: Mon 09:00-18:00 UTC"),
    ("", ", hours: Mon 08:00-18:00 UTC", "", ", hours: Mon 08:00-17:00 UTC"),
    (", claims: {a: [x, y]}", "", ", claims: {a: [x]}", ""),
    (", claims: {a: [x]}", "", ", claims: {a: [x], b: [z]}", ""),
    (", networks: [10.0.0.0/8]", "", ", networks: [10.1.0.0/16, 10.2.0.0/16]", ""),
    (", networks: [10.0.0.0/9, 10.128.0.0/9]", "", ", networks: [10.0.0.0/8]", None),
    (
        "",
        ", hours: Mon-Fri 08:00-18:00 Europe/Dublin",
        "",
        ", hours: Mon 09:00-18:00 Europe/Dublin",
    ),
    ("", ", hours: Mon 18:00-08:00 Europe/Dublin", "", ", hours: Mon 18:00-24:00 Europe/Dublin"),
]


@pytest.mark.parametrize(("who", "requires", "other_who", "other_requires"), ADMISSIONS)
def test_who_may_enter_compares_as_sets(
    who: str, requires: str, other_who: str, other_requires: str | None
) -> None:
    def audience(who: str, requires: str) -> Policy:
        start = POLICY.index("audiences:\n")
        end = POLICY.index("networks:")
        section = f"audiences:\n  a:\n    {WHO.format(who, requires, '')}\n"
        return parse(POLICY[:start] + section + POLICY[end:], "p.yaml")

    wide, narrow = audience(who, requires), audience(other_who, other_requires or "")
    same = other_requires is None
    assert overall(diff(wide, narrow)) is (Direction.SAME if same else TIGHTENS)
    assert overall(diff(narrow, wide)) is (Direction.SAME if same else LOOSENS)


def test_a_region_is_compared_on_every_day() -> None:
    """By name all that are adequate but the United Kingdom, whose decision ends in 2031."""
    named = members(Region(names=("adequate",)), date(2026, 11, 27), BUILT_IN) - {"GB"}
    places = ", ".join(sorted(named))  # YAML 1.2: NO is Norway
    without = changed((FINANCE, f"groups: [finance], located: [{places}]"))
    group = changed((FINANCE, "groups: [finance], located: adequate"))
    assert overall(diff(without, group)) is LOOSENS
    assert overall(diff(group, without)) is TIGHTENS


def test_hours_in_another_zone_move() -> None:
    old, new = (
        changed(("purpose: accounts", f"purpose: accounts, hours: 'Mon 08:00-18:00 {zone}'"))
        for zone in ("Europe/Dublin", "Europe/Oslo")
    )
    assert [one.direction for one in diff(old, new)] == [MOVES]


def test_parts_of_a_document_compare_path_by_path() -> None:
    def parts(*told: tuple[str, bool]) -> Shown:
        return Shown(
            show=Show.PARTS,
            parts=tuple(PartSight(path=tuple(p.split(".")), shown=shown) for p, shown in told),
        )

    whole, cut = parts(("a", True)), parts(("a", True), ("a.b", False))
    assert at_most(cut, whole)
    assert not at_most(whole, cut)
    assert at_most(parts(("a.b", True)), whole)
    assert not at_most(parts(("c", True)), whole)
    assert at_most(Shown(), cut)
    assert not at_most(Shown(show=Show.CLEAR), whole)


def test_no_line_says_the_same_before_and_after() -> None:
    """Where both sides leave it to the database, the direction is told."""
    fewer = changed(("sees: [interoperable, public]", "sees: [public]"))
    told_apart = [one for one in both(fewer)[0] if one.before == one.after != ""]
    assert told_apart
    for one in told_apart:
        assert (
            f"would see {'less' if one.direction is TIGHTENS else 'more'} than before" in one.text
        )


def test_all_public_rows_are_all_rows() -> None:
    """Who loses restricted data sees all of accounts still: each of its rows is public."""
    head = "who: {groups: [finance], located: [EEA]}\n    sees: ["
    by_rules, exact = both(changed((f"{head}restricted, ", head)))
    rows = {str(one.table) for one in exact if one.column is None}
    assert "accounts" not in rows
    assert "videos" in rows
    (accounts,) = [o for o in by_rules if o.column is None and str(o.table) == "accounts"]
    assert "all rows, as far as whatever they refer to is public, before all" in accounts.text
    assert all(one.before != one.after for one in exact)


def test_audiences_for_whom_all_changes_alike_share_a_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alike = [Difference(direction=LOOSENS, audience=who, text="would see more") for who in "ab"]
    show([*alike, Difference(direction=TIGHTENS, audience="c", text="would see less")])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "a, b",
        "  loosens   would see more",
        "c",
        "  tightens  would see less",
        "The change loosens (2 loosens, 1 tightens).",
    ]


def test_numbers_of_rows_say_whether_they_are_exact() -> None:
    assert str(Counted(rows=1, exact=True)) == "1 row"
    assert str(Counted(rows=1204, exact=True)) == "1,204 rows"
    assert str(Counted(rows=1_234_567, exact=False)) == "about 1.2 M rows (estimated)"
    assert str(Counted(rows=12, exact=False)) == "about 12 rows (estimated)"
