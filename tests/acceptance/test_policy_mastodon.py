"""The policy in examples/mastodon fits its schema, and covers what no key there declares."""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from klover.catalog import Catalog, TableName
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace
from klover.store.inspect import read_catalog

EXAMPLE = Path(__file__).parents[2] / "examples" / "mastodon" / "klover.yaml"
ON = date(2026, 11, 24)


@pytest.fixture
def catalog(database: psycopg.Connection[tuple[object, ...]], realdata: Path) -> Catalog:
    database.execute("set search_path = public")
    database.execute((realdata / "mastodon" / "schema.sql").read_text().encode())
    return read_catalog(database)


@pytest.fixture
def policy() -> Policy:
    return parse(EXAMPLE.read_text(), "klover.yaml")


def test_the_policy_is_accepted_and_says_something_of_every_table(
    policy: Policy, catalog: Catalog
) -> None:
    found = check(policy, catalog, ON)
    assert [str(finding) for finding in found if finding.severity is not Severity.NOTE] == []
    assert [one.message for one in found if "look like a pair" in one.message] == []
    assert [one.message for one in found if "array of ids" in one.message] == []
    assert len(trace(policy, catalog).tables) == 116


def led_to(resolved: Resolved, table: str, column: str) -> set[tuple[str, str | None]]:
    """Tell the tables that a column leads to, with the type of a pair."""
    traced = resolved.tables[TableName("public", table)]
    return {
        (str(key.target), key.when[1] if key.when is not None else None)
        for key in traced.references
        if key.columns == (column,)
    }


def test_the_keys_that_nothing_declares_are_followed(policy: Policy, catalog: Catalog) -> None:
    """Those that the schema's README names: keys, an array of people, pairs."""
    resolved = trace(policy, catalog)
    for table, column in (
        ("accounts_tags", "account_id"),
        ("annual_report_statuses_per_account_counts", "account_id"),
        ("conversations", "parent_account_id"),
        ("account_conversations", "participant_account_ids"),
    ):
        assert led_to(resolved, table, column) == {("accounts", None)}
    assert ("statuses", "Status") in led_to(resolved, "notifications", "activity_id")
    assert ("users", "User") in led_to(resolved, "admin_action_logs", "target_id")
    # A person is two rows: what hangs off one reaches the other.
    ways = resolved.tables[TableName("public", "session_activations")].lineages
    assert [[str(hop.target) for hop in way] for way in ways] == [["users", "accounts"]]
    people = resolved.tables[TableName("public", "account_conversations")].lineages
    assert [way[0].element for way in people] == [False, True]
