"""A first policy for Mastodon's schema: suggested, decided by hand, accepted.

The decisions stand here as edits of the suggested text.
"""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from klover.catalog import Catalog
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.suggest import draft, write
from klover.store.inspect import read_catalog

ON = date(2026, 11, 24)
OPEN = ("fasp_debug_callbacks", "ip_blocks", "username_blocks")  # the operator's, not for everybody
NETWORKS = (
    "# decide: the networks whose country you know; an address outside them is outside.\n"
    "# networks:\n#   10.20.0.0/16: IE\n"
)


def decided(text: str) -> str:
    """Apply the decisions; each has to find its mark."""
    assert text.count(NETWORKS) == 1
    text = text.replace(NETWORKS, "networks:\n  10.20.0.0/16: IE\n")
    for table in OPEN:
        assert text.count(f"\n  {table}:\n") == 1
        text = text.replace(f"\n  {table}:\n", f"\n  {table}:\n    shared: true\n")
    # The types of a pair are known to whoever knows the program.
    asked = "    # decide: activity_type tells what activity_id refers to; name each type:\n"
    before, found, after = text.partition(asked)
    assert found
    _, _, after = after.partition("\n")
    halves = "{by: activity_type, Status: statuses.id, Mention: mentions.id, Follow: follows.id}"
    return f"{before}    references:\n      activity_id: {halves}\n{after}"


@pytest.fixture
def catalog(database: psycopg.Connection[tuple[object, ...]], realdata: Path) -> Catalog:
    database.execute("set search_path = public")
    database.execute((realdata / "mastodon" / "schema.sql").read_text().encode())
    return read_catalog(database)


def test_the_suggested_policy_is_refused_until_somebody_decides(catalog: Catalog) -> None:
    text = write(draft(catalog))
    errors = [
        finding
        for finding in check(parse(text, "suggested"), catalog, ON)
        if finding.severity is Severity.ERROR
    ]
    assert sorted(finding.message.split()[1] for finding in errors) == sorted(OPEN)
    assert all("cannot be traced to a subject" in finding.message for finding in errors)


def test_the_decided_policy_is_accepted(catalog: Catalog) -> None:
    policy = parse(decided(write(draft(catalog))), "decided")
    found = check(policy, catalog, ON)
    errors = [str(finding) for finding in found if finding.severity is Severity.ERROR]
    assert errors == []
    assert len(policy.tables) == 116
