"""What the demonstration's three people type into psql, and what each should get.

All three run the same list. ``inside`` and ``abroad`` name the SQLSTATEs with which a statement
may end for trust and safety in Dublin and for an engineer elsewhere; an empty set means that it
returns rows. Joined to ``settings``, accounts are those of people who live here: of somebody else
only the account may stand inside, as a guest. Names are the application's own: a door keeps them.
https://www.postgresql.org/docs/18/errcodes-appendix.html
"""

from dataclasses import dataclass

INVALID_TEXT = "22P02"
UNDEFINED_COLUMN = "42703"
UNDEFINED_TABLE = "42P01"
INSUFFICIENT_PRIVILEGE = "42501"
READ_ONLY = "25006"
NOT_UPDATABLE = "55000"
NOT_SUPPORTED = "0A000"

_ANSWERED: frozenset[str] = frozenset()
_UNCHANGEABLE = frozenset({INSUFFICIENT_PRIVILEGE, READ_ONLY, NOT_UPDATABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement, with a line that says what it tries."""

    name: str
    title: str
    sql: str
    inside: frozenset[str] = _ANSWERED
    abroad: frozenset[str] = _ANSWERED
    copy: bool = False
    """Whether it answers in COPY data rather than in rows."""


STATEMENTS: tuple[Statement, ...] = (
    Statement(
        name="count_people",
        title="Count the people who live here",
        sql="select count(*) from accounts a join settings s on s.account_id = a.id",
    ),
    Statement(
        name="five_accounts",
        title="Look at five accounts, every column",
        sql=(
            "select a.* from accounts a join settings s on s.account_id = a.id"
            " order by a.created_at limit 5"
        ),
    ),
    Statement(
        name="one_email",
        title="Look up one person's e-mail",
        sql=(
            "select a.email from accounts a join settings s on s.account_id = a.id"
            " order by a.created_at limit 1"
        ),
        abroad=frozenset({UNDEFINED_COLUMN}),
    ),
    Statement(
        name="public_videos",
        title="Join public videos to their authors",
        sql=(
            "select v.id, v.duration_s, a.id as author, a.status, l.name as language"
            " from videos v join accounts a on a.id = v.account_id"
            " left join languages l on l.code = v.language_code"
            " where v.visibility = 'public' order by v.created_at desc limit 5"
        ),
    ),
    Statement(
        name="visibilities",
        title="Count videos by visibility: private ones too?",
        sql="select visibility, count(*) from videos group by visibility order by visibility",
    ),
    Statement(
        name="busiest",
        title="Follow relations: who is followed most",
        sql=(
            "select followee_id, count(*) as followers from follows"
            " group by followee_id order by followers desc limit 3"
        ),
    ),
    Statement(
        name="messages",
        title="Read private messages",
        sql="select sender_id, body from messages order by sent_at desc limit 3",
        abroad=frozenset({UNDEFINED_TABLE}),
    ),
    Statement(
        name="payments",
        title="Add up the payments",
        sql="select currency, sum(total_cents) from payments group by currency order by currency",
        abroad=frozenset({UNDEFINED_TABLE}),
    ),
    Statement(
        name="error_tells",
        title="Make an error tell a value",
        sql="select id from accounts where email::integer > 0",
        inside=frozenset({INVALID_TEXT}),
        abroad=frozenset({UNDEFINED_COLUMN}),
    ),
    Statement(
        name="around_the_view",
        title="Read the table behind the view",
        sql="select email from public.accounts limit 1",
        inside=frozenset({INSUFFICIENT_PRIVILEGE}),
        abroad=frozenset({INSUFFICIENT_PRIVILEGE}),
    ),
    Statement(
        name="planner_counts",
        title="Let the planner count what the view hides",
        sql="explain analyze select count(*) from videos where visibility = 'private'",
        inside=frozenset({INSUFFICIENT_PRIVILEGE, NOT_SUPPORTED}),
        abroad=frozenset({INSUFFICIENT_PRIVILEGE, NOT_SUPPORTED}),
    ),
    Statement(
        name="change",
        title="Change a row",
        sql="update settings set discoverable = true",
        inside=_UNCHANGEABLE,
        abroad=_UNCHANGEABLE,
    ),
    Statement(
        name="copy_out",
        title="Copy public videos out",
        sql=(
            "copy (select id, account_id, duration_s, created_at from videos"
            " where visibility = 'public' order by created_at desc limit 1000) to stdout"
        ),
        copy=True,
    ),
)
