"""What audiences see of the design's example, column by column; and the floor."""

from dataclasses import replace

import pytest

from doubles.catalogs import POLICY, catalog, table, videos
from klover.catalog import TableName
from klover.policy.model import Audience, DataClass, Region, Requires
from klover.policy.parse import parse
from klover.policy.resolved import Resolved, RowsShown, Show, TableSight
from klover.policy.sight import is_inside, see, sees_restricted
from klover.policy.trace import trace

RESOLVED = trace(parse(POLICY, "k.yaml"), videos())


def sight(audience: str | Audience, name: str, resolved: Resolved = RESOLVED) -> TableSight:
    who = resolved.policy.audiences[audience] if isinstance(audience, str) else audience
    return see(resolved, who)[TableName.parse(name)]


def shown(audience: str | Audience, name: str) -> str:
    """Tell the shown columns, with * for pseudonyms."""
    return " ".join(
        column.column + ("*" if column.show is Show.PSEUDONYM else "")
        for column in sight(audience, name).shown()
    )


@pytest.mark.parametrize(
    ("audience", "name", "rows", "columns"),
    [
        ("trust-and-safety", "accounts", RowsShown.ALL, "id handle email privacy country"),
        ("trust-and-safety", "follows", RowsShown.ALL, "follower_id followee_id"),
        ("finance-europe", "accounts", RowsShown.ALL, "id* privacy"),
        ("finance-europe", "videos", RowsShown.ALL, "id* account_id* visibility language_code"),
        ("engineering-abroad", "accounts", RowsShown.PUBLIC, "id* privacy"),
        (
            "engineering-abroad",
            "videos",
            RowsShown.PUBLIC,
            "id* account_id* visibility language_code",
        ),
        (
            "engineering-abroad",
            "comments",
            RowsShown.PUBLIC,
            "id* video_id* account_id* parent_id*",
        ),
        ("engineering-abroad", "follows", RowsShown.NONE, "follower_id* followee_id*"),
        ("engineering-abroad", "languages", RowsShown.ALL, "code name"),
        ("creators-abroad", "accounts", RowsShown.PUBLIC, "id* handle privacy"),
        (
            "creators-abroad",
            "videos",
            RowsShown.PUBLIC,
            "id* account_id* visibility title language_code",
        ),
    ],
)
def test_who_sees_what(audience: str, name: str, rows: RowsShown, columns: str) -> None:
    assert sight(audience, name).rows is rows
    assert shown(audience, name) == columns


def test_pseudonyms_are_of_the_row_they_stand_for() -> None:
    entities = {
        column.column: str(column.entity)
        for column in sight("engineering-abroad", "comments").shown()
    }
    assert entities == {
        "id": "comments",
        "video_id": "videos",
        "account_id": "accounts",
        "parent_id": "comments",
    }


def test_a_key_that_is_itself_a_reference_is_the_row_it_refers_to() -> None:
    found = catalog(
        table("accounts", "id bigint pk", "country text"),
        table("profiles", "account_id bigint pk -> accounts.id"),
        table("badges", "id bigint pk", "profile_id bigint -> profiles.account_id"),
    )
    text = POLICY[: POLICY.index("tables:")] + (
        "tables:\n  accounts: {columns: {id: interoperable}}\n"
        "  profiles: {subject: account_id, columns: {account_id: interoperable}}\n"
        "  badges: {subject: profile_id.account_id, columns: {profile_id: interoperable}}\n"
    )
    resolved = trace(parse(text + POLICY[POLICY.index("audiences:") :], "k.yaml"), found)
    for name, column in (("profiles", "account_id"), ("badges", "profile_id")):
        (seen,) = [
            one
            for one in sight("engineering-abroad", name, resolved).columns
            if one.column == column
        ]
        assert (seen.show, str(seen.entity)) == (Show.PSEUDONYM, "accounts")


def test_a_reference_to_another_column_than_the_key_gets_no_pseudonym() -> None:
    found = catalog(
        table("accounts", "id bigint pk", "handle text", "country text", unique=(("handle",),)),
        table("mentions", "id bigint pk", "handle text -> accounts.handle"),
    )
    text = POLICY[: POLICY.index("tables:")] + (
        "tables:\n  accounts: {columns: {id: interoperable}}\n"
        "  mentions: {subject: handle, columns: {handle: interoperable}}\n"
    )
    resolved = trace(parse(text + POLICY[POLICY.index("audiences:") :], "k.yaml"), found)
    assert [c.show for c in sight("engineering-abroad", "mentions", resolved).columns] == [
        Show.ABSENT,
        Show.ABSENT,
    ]


def test_the_floor_holds_whatever_the_policy_says() -> None:
    trust = RESOLVED.policy.audiences["trust-and-safety"]
    assert sees_restricted(RESOLVED.policy, trust)
    for weaker in (
        replace(trust, located=Region(everywhere=True)),
        replace(trust, located=Region(names=("EEA", "US"))),
        replace(trust, located=Region(names=("adequate",))),
        replace(trust, located=Region(names=("CN",), negated=True)),
        replace(trust, requires=Requires()),
        replace(trust, sees=frozenset({DataClass.PUBLIC, DataClass.INTEROPERABLE})),
    ):
        assert not sees_restricted(RESOLVED.policy, weaker)
        assert "email" not in shown(weaker, "accounts")
        assert sight(weaker, "videos").rows is RowsShown.PUBLIC
        assert sight(weaker, "follows").rows is RowsShown.NONE


def test_everything_absent_says_why() -> None:
    for audience in RESOLVED.policy.audiences.values():
        for table_sight in see(RESOLVED, audience).values():
            assert all(column.reason for column in table_sight.columns)
    reasons = {c.column: c.reason for c in sight("engineering-abroad", "accounts").columns}
    assert reasons["email"] == "restricted"
    assert reasons["country"] == "identifies indirectly, and no `coarsen` says how to show it"


def test_inside_means_all_of_located() -> None:
    policy = RESOLVED.policy
    assert is_inside(policy, policy.audiences["finance-europe"])
    assert not is_inside(policy, policy.audiences["engineering-abroad"])
