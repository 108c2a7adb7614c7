"""Findings on audiences: nobody enters, two are one, limits are none, a `never` breaks."""

from datetime import date

import pytest

from doubles.catalogs import POLICY, catalog, table, videos
from klover.catalog import Catalog
from klover.policy.check import check
from klover.policy.finding import Finding, Severity
from klover.policy.parse import parse

ON = date(2026, 11, 24)
ABROAD = "    who: {groups: [engineering], located: any}\n    sees: [interoperable, public]\n"
COUNTRY = "country: {class: interoperable, identifies: indirectly}"


def told(text: str, found: Catalog | None = None, on: date = ON) -> list[Finding]:
    every = check(parse(text, "k.yaml"), found or videos(), on)
    return [one for one in every if one.severity is not Severity.NOTE]


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def changed(old: str, new: str) -> str:
    assert POLICY.count(old) == 1, old
    return POLICY.replace(old, new)


FINANCE = "who: {groups: [finance], located: [EEA]}"
CASES: list[tuple[str, str, str, str]] = [
    # change from, change to, line with, words
    (
        FINANCE,
        "who: {groups: [finance], located: [EEA], networks: [192.0.2.0/24]}",
        "[finance]",
        "Nobody can enter as finance-europe: none of its own `networks`",
    ),
    (
        FINANCE,
        "who: {groups: [finance], located: [EEA], networks: [10.60.0.0/16]}",
        "[finance]",
        "none of its own `networks` is known to lie where",
    ),
    (FINANCE, "who: {groups: [finance], located: [EEA], networks: [10.20.9.0/28]}", "", ""),
    (FINANCE, "who: {groups: [finance], located: [EEA], networks: [10.0.0.0/8]}", "", ""),
    (
        FINANCE,
        "who: {groups: [finance], located: [DE]}",
        "[finance]",
        "no network of the policy lies where it has to be located",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {session: {rows: 20, bytes: 2 GB}, day: {rows: 10, bytes: 1 GB}}\n",
        "limits:",
        "the limit of rows a session is beyond that of a day",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {session: {rows: 10, bytes: 2 GB}, day: {rows: 10, bytes: 1 GB}}\n",
        "limits:",
        "the limit of bytes a session is beyond that of a day",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {day: {rows: 100000}}\n",
        "limits:",
        "and one row can hold a whole table (`string_agg`). Add `bytes:`, such as 101 MB.",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {session: {rows: 10, bytes: 1 MB}}\n",
        "limits:",
        "a session has a limit of rows and bytes and a day has none, so whoever connects again",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {session: {rows: 10, bytes: 1 MB}, day: {bytes: 1 GB}}\n",
        "limits:",
        "a session has a limit of rows and a day has none",
    ),
    (
        ABROAD,
        ABROAD + "    limits: {session: {bytes: 10 MB}, day: {rows: 9, bytes: 1 GB}}\n",
        "",
        "",
    ),
    (
        ABROAD,
        ABROAD + "  twin:\n" + ABROAD,
        "  twin:",
        "engineering-abroad (line 55) and twin let in the same people and show them the same",
    ),
    (
        ABROAD,
        ABROAD + "  twin:\n" + ABROAD + "    requires: {purpose: help}\n",
        "  twin:",
        "so what one requires or limits beyond the other is no protection",
    ),
    (ABROAD, ABROAD + "  twin:\n" + ABROAD.replace("[interoperable, public]", "public"), "", ""),
    (
        ABROAD,
        ABROAD + "  twin:\n" + ABROAD.replace("any}", "any, claims: {level: senior}}"),
        "",
        "",
    ),
    (ABROAD, ABROAD + "  twin:\n" + ABROAD.replace("[engineering]", "[engineering, x]"), "", ""),
    (COUNTRY, "country: {class: restricted, identifies: indirectly, coarsen: region}", "", ""),
    (COUNTRY, "country: {class: interoperable, identifies: indirectly, coarsen: region}", "", ""),
    (
        "  - {located: not adequate, sees: restricted}\n",
        "  - {located: not adequate, sees: restricted}\n  - {located: [CN], identifiers: clear}\n",
        "- {located: [CN]",
        "audience creators-abroad (line 51) has identifiers clear",
    ),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), CASES)
def test_found(old: str, new: str, where: str, words: str) -> None:
    text = changed(old, new)
    found = told(text)
    if not words:
        assert found == []
        return
    assert any(
        str(one).startswith(f"k.yaml:{line_of(text, where)}: ") and words in str(one)
        for one in found
    ), [str(one) for one in found]
    assert all(one.mend for one in found), "each tells what mends it"


def test_a_column_that_nobody_sees_coarse() -> None:
    """Finance sees restricted data coarse; without it, nobody does."""
    start, end = POLICY.index("  finance-europe:"), POLICY.index("  creators-abroad:")
    text = (POLICY[:start] + POLICY[end:]).replace(
        COUNTRY, "country: {class: restricted, identifies: indirectly, coarsen: region}"
    )
    (one,) = told(text)
    assert str(one).startswith(f"k.yaml:{line_of(text, 'coarsen')}: warning: ")
    assert "No audience sees accounts.country coarse, so `coarsen` has no effect" in one.message


def accounts(*columns: str) -> Catalog:
    rest = [one for one in videos().tables.values() if one.name.name != "accounts"]
    plain = ("id bigint pk", "handle text", "email text", "privacy text enum", "country text null")
    unique = (("handle",), ("email",))
    return catalog(table("accounts", *plain, *columns, unique=unique), *rest)


@pytest.mark.parametrize(
    ("column", "coarsen", "changes"),
    [
        ("extra integer", "round 1", False),
        ("extra integer", "round 2", True),
        ("extra numeric", "round 1", True),
        ("extra character_varying(2)", "first 2", False),
        ("extra character_varying(3)", "first 2", True),
        ("extra text", "first 2", True),
    ],
)
def test_a_transform_that_changes_nothing(column: str, coarsen: str, changes: bool) -> None:  # noqa: FBT001
    text = changed(
        COUNTRY,
        f"{COUNTRY}\n      extra: {{class: public, identifies: indirectly, coarsen: {coarsen}}}",
    )
    found = [one.message for one in told(text, accounts(column))]
    expected = [f"`{coarsen}` changes no value of accounts.extra."]
    assert found == ([] if changes else expected)


def test_a_limit_that_no_row_fits() -> None:
    text = changed(ABROAD, ABROAD + "    limits: {session: {bytes: 1 kB}, day: {bytes: 1 MB}}\n")
    assert told(text) == []
    wide = [f"column_with_a_long_name_{number} integer" for number in range(40)]
    named = "".join(f"\n      {each.split()[0]}: interoperable" for each in wide)
    (one,) = told(text.replace(COUNTRY, COUNTRY + named), accounts(*wide))
    assert "a limit of 1 kB is smaller than the names of the columns of accounts" in one.message
    assert one.line == line_of(text.replace(COUNTRY, COUNTRY + named), "limits:")


# Never ------------------------------------------------------------------------------------------

NEVER = "  - {located: not adequate, sees: restricted}\n"


def test_a_never_that_a_shared_table_breaks() -> None:
    text = changed(ABROAD, ABROAD.replace("[interoperable, public]", "interoperable"))
    text = text.replace(NEVER, "  - {located: [CN], sees: public}\n")
    (_, audience) = (one for one in sorted(told(text), key=lambda one: one.message))
    assert audience.severity is Severity.ERROR
    assert audience.message == (
        "This `never` does not hold: audience engineering-abroad (line 55) is shown "
        "languages.code, languages.name and may be located there."
    )


def test_a_never_that_pseudonyms_and_coarse_values_break() -> None:
    """The audience has identifiers in clear, but the floor veils those that are not public."""
    text = changed(NEVER, "  - {located: [CN], identifiers: pseudonymised}\n")
    text = text.replace(COUNTRY, COUNTRY.replace("}", ", coarsen: region}"))
    messages = [one.message for one in told(text)]
    creators = [one for one in messages if "creators-abroad" in one]
    assert len(creators) == 1
    assert "sees accounts.id, accounts.country, " in creators[0]
    assert creators[0].endswith("pseudonymised or coarse and may be located there.")
    assert any("engineering-abroad" in one and "has identifiers" in one for one in messages)


def test_a_never_that_rests_on_a_declaration() -> None:
    text = changed(NEVER, "  - {located: [US], identifiers: clear}\n")
    start, end = text.index("  creators-abroad:"), text.index("  engineering-abroad:")
    text = text[:start] + text[end:]
    assert told(text) == []
    declared = text.replace("      title: public", "      title: {class: public, identifies: no}")
    found = [one for one in told(declared) if "never" in one.message]
    assert len(found) == 1
    assert found[0].message == (
        "This `never` rests on a declaration: audience engineering-abroad sees videos.title in "
        "clear, declared to identify nobody."
    )
    assert found[0].line == line_of(declared, "located: [US]")


def test_a_never_that_will_break_when_a_country_leaves() -> None:
    """Adequacy of the United Kingdom ends on 2031-12-27."""

    def broken(on: date) -> list[Finding]:
        return [one for one in told(POLICY, on=on) if "`never`" in one.message]

    assert broken(date(2031, 6, 1)) == []
    (soon,) = broken(date(2031, 8, 1))
    assert soon.severity is Severity.WARNING
    assert "will not hold from 2031-12-28: audience trust-and-safety" in soon.message
    (now,) = broken(date(2031, 12, 28))
    assert now.severity is Severity.ERROR
