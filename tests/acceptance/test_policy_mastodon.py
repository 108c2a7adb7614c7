"""A first policy for Mastodon's schema: suggested, decided by hand, accepted.

The decisions stand here as edits of the suggested text. The result is examples/mastodon.
"""

from datetime import date
from pathlib import Path

import psycopg
import pytest

from klover.catalog import Catalog
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.suggest import suggest
from klover.store.inspect import read_catalog

EXAMPLE = Path(__file__).parents[2] / "examples" / "mastodon" / "klover.yaml"
ON = date(2026, 11, 24)
HEAD = (
    "# The policy of Mastodon's schema (2026-08-05): suggested by `klover policy suggest`, then",
    "# decided by hand as tests/acceptance/test_policy_mastodon.py tells.",
)

PUBLISHED = (  # rules and notices that the server shows everybody
    "announcements",
    "rule_translations",
    "rules",
    "tags",
    "terms_of_services",
)
GUARDED = (  # nobody's either, but not for everybody to see
    "account_warning_presets",
    "domain_blocks",
    "fasp_debug_callbacks",
    "fasp_providers",
    "ip_blocks",
    "software_updates",
    "username_blocks",
    "webhooks",
)
NETWORKS = (
    "# decide: the networks whose country you know; an address outside them is outside.\n"
    "# networks:\n#   10.20.0.0/16: IE\n"
)
RELATED = {  # arrays and pairs, which Postgres cannot declare: what the application's models say
    "account_conversations": (
        """subject: [account_id, "participant_account_ids[]"]""",
        "last_status_id: statuses.id",
        "participant_account_ids[]: accounts.id",
        "status_ids[]: statuses.id",
    ),
    "admin_action_logs": (
        (
            "subject: [account_id, target_id(Account), target_id(User).account_id,"
            " target_id(Status).account_id, target_id(Report).target_account_id]"
        ),
        (
            "target_id: {by: target_type, Account: accounts.id, User: users.id,"
            " Status: statuses.id, Report: reports.id, Appeal: appeals.id,"
            " AccountWarning: account_warnings.id}"
        ),
    ),
    "notifications": (
        "subject: [account_id, from_account_id, activity_id(Status).account_id]",
        (
            "activity_id: {by: activity_type, Account: accounts.id, Status: statuses.id,"
            " Mention: mentions.id, Follow: follows.id, FollowRequest: follow_requests.id,"
            " Favourite: favourites.id, Poll: polls.id, Quote: quotes.id, Report: reports.id,"
            " AccountWarning: account_warnings.id,"
            " GeneratedAnnualReport: generated_annual_reports.id,"
            " AccountRelationshipSeveranceEvent: account_relationship_severance_events.id}"
        ),
    ),
    "reports": ("", "rule_ids[]: rules.id", "status_ids[]: statuses.id"),
    "status_edits": (
        "",
        "quote_id: quotes.id",
        "ordered_media_attachment_ids[]: media_attachments.id",
    ),
    "statuses": (
        "",
        "conversation_id: conversations.id",
        "poll_id: polls.id",
        "ordered_media_attachment_ids[]: media_attachments.id",
    ),
    "tagged_objects": ("", "object_id: {by: object_type, Collection: collections.id}"),
}


def related(lines: list[str]) -> list[str]:
    """Write the arrays and pairs into their tables' entries."""
    for table, (subject, *keys) in RELATED.items():
        start = lines.index(f"  {table}:") + 1
        end = lines.index("    columns:", start)
        told = [f"    {subject}"] if subject else [lines[start]]
        lines[start:end] = [*told, "    references:", *(f"      {key}" for key in keys)]
    return lines


def decided(text: str) -> str:
    """Apply the decisions; each has to find its mark, and none may be left."""
    assert text.count(NETWORKS) == 1
    lines = text.replace(NETWORKS, "networks:\n  10.20.0.0/16: IE\n").splitlines()
    for table in (*PUBLISHED, *GUARDED):
        (mark,) = (n for n, line in enumerate(lines) if line.startswith(f"  # {table}: {{shared"))
        lines[mark] = lines[mark].replace("# ", "", 1)
        if table in PUBLISHED:
            lines[mark] = lines[mark].replace(": restricted", ": public")
        while lines[mark - 1].startswith("  #"):  # the question and the other answers
            mark -= 1
            del lines[mark]
    # Nothing in the schema names a country, so everybody stays inside; the groups are right.
    kept = [line.partition("  # decide:")[0].rstrip() for line in lines[2:]]
    assert not any("decide:" in line for line in kept)
    return "\n".join([*HEAD, *related(kept), ""])


@pytest.fixture
def catalog(database: psycopg.Connection[tuple[object, ...]], realdata: Path) -> Catalog:
    database.execute("set search_path = public")
    database.execute((realdata / "mastodon" / "schema.sql").read_text().encode())
    return read_catalog(database)


def test_the_suggested_policy_is_refused_until_somebody_decides(catalog: Catalog) -> None:
    text = suggest(catalog, None)
    errors = [
        finding
        for finding in check(parse(text, "suggested"), catalog, ON)
        if finding.severity is Severity.ERROR
    ]
    assert len(errors) == len(PUBLISHED) + len(GUARDED)
    assert all("cannot be traced to a subject" in finding.message for finding in errors)


def test_the_decided_policy_is_accepted_and_is_the_example(catalog: Catalog) -> None:
    text = decided(suggest(catalog, None))
    policy = parse(text, "decided")
    found = check(policy, catalog, ON)
    assert [str(finding) for finding in found if finding.severity is not Severity.NOTE] == []
    assert len(policy.tables) == 116
    assert [one.message for one in found if "look like a pair" in one.message] == []
    assert [one.message for one in found if "array of ids" in one.message] == []
    assert text == EXAMPLE.read_text()
