"""The application's tables in the order they are filled, with the columns that rows bring.

Generated columns bring nothing. What the rows hold is told in ``people_rows``, ``post_rows`` and
``relation_rows``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from klover.demo import people_rows, post_rows, relation_rows
from klover.demo.cast import Cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: the columns its rows fill, where they come from, and about how many a person."""

    name: str
    columns: str
    rows: Callable[[Cast], Iterator[str]]
    rate: float


def _comment_reports(people: Cast) -> Iterator[str]:
    return relation_rows.comment_reports(people, post_rows.comment_count(people))


TABLES: tuple[Table, ...] = tuple(
    Table(name=name, columns=columns, rows=rows, rate=rate)
    for name, rate, rows, columns in (
        ("languages", 0.0, post_rows.languages, "code name native_name"),
        ("hashtags", 0.0, post_rows.hashtags, "id tag"),
        (
            "accounts",
            1.0,
            people_rows.accounts,
            (
                "id handle email phone password_hash country language_code status invited_by"
                " created_at updated_at"
            ),
        ),
        (
            "profiles",
            1.0,
            people_rows.profiles,
            "account_id display_name bio avatar_key links real_name birth_date address updated_at",
        ),
        (
            "settings",
            1.0,
            people_rows.settings,
            "account_id who_messages who_comments who_duets discoverable preferences",
        ),
        ("devices", 1.25, people_rows.devices, "id account_id model push_token first_seen"),
        (
            "sessions",
            1.25,
            people_rows.sessions,
            "id account_id device_id ip user_agent started_at ended_at",
        ),
        (
            "login_attempts",
            0.85,
            people_rows.login_attempts,
            "attempt_no account_id ip succeeded at",
        ),
        (
            "contact_verifications",
            1.1,
            people_rows.contact_verifications,
            "id account_id kind contact code sent_at verified_at",
        ),
        (
            "consents",
            1.45,
            people_rows.consents,
            "account_id purpose granted ip given_at valid_until",
        ),
        (
            "videos",
            1.2,
            post_rows.videos,
            (
                "id account_id visibility title caption language_code duration_s storage_key"
                " upload_ip latitude longitude created_at updated_at"
            ),
        ),
        ("video_captions", 0.45, post_rows.video_captions, "id video_id language_code body"),
        ("video_tags", 1.2, post_rows.video_tags, "video_id hashtag_id"),
        (
            "comments",
            1.2,
            post_rows.comments,
            "id video_id account_id parent_id body created_at removed_at",
        ),
        ("likes", 2.2, post_rows.likes, "video_id account_id created_at"),
        ("follows", 2.0, relation_rows.follows, "follower_id followee_id created_at"),
        ("blocks", 0.1, relation_rows.blocks, "blocker_id blocked_id note created_at"),
        (
            "messages",
            1.3,
            relation_rows.messages,
            "id sender_id recipient_id body sent_at read_at",
        ),
        (
            "reports",
            0.08,
            relation_rows.reports,
            "id reporter_id reported_id video_id reason details created_at",
        ),
        (
            "comment_reports",
            0.04,
            _comment_reports,
            "comment_id reporter_id reason details created_at",
        ),
        (
            "notifications",
            0.85,
            relation_rows.notifications,
            "id account_id actor_id video_id kind body created_at seen_at",
        ),
        (
            "payments",
            0.35,
            relation_rows.payments,
            (
                "id account_id amount_cents tax_cents currency status billing_name billing_address"
                " card created_at"
            ),
        ),
        (
            "payment_refunds",
            0.03,
            relation_rows.payment_refunds,
            "id payment_id amount_cents reason created_at",
        ),
        ("search_history", 0.85, relation_rows.search_history, "id account_id query at"),
        ("audit_events", 0.95, people_rows.audit_events, "id account_id event detail at"),
    )
)
"""In an order in which every row finds what it refers to."""
