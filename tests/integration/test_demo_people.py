"""The demonstration's people in their application's tables, on a real server.

``erase_by_hand`` does at the source what the policy asks for, in plain statements of this test's
own. It shows that the data allows the job: nothing sought is left, the feed stays, references hold.
"""

# ruff: noqa: RUF001, ISC004 - letters of many scripts; statements too long for one line

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from doubles.databases import own_database
from klover.demo.cast import cast
from klover.demo.people import Population, create_application, populate
from klover.demo.scan import scan, seek
from klover.demo.statements import STATEMENTS
from klover.policy.model import DataClass, Rows
from klover.policy.parse import parse
from klover.policy.resolved import RowsShown
from klover.policy.sight import see
from klover.policy.trace import trace
from klover.store.connect import Connection, connect
from klover.store.embedded import Server
from klover.store.inspect import read_catalog
from klover.store.sql import statements

PEOPLE, SEED = 2_000, 11
DEMO = Path(__file__).parents[2] / "src" / "klover" / "demo"
FEED = statements("klover.demo", "feed.sql")
QUIET = {
    "sessions",
    "devices",
    "login_attempts",
    "contact_verifications",
    "consents",
    "notifications",
    "payments",
    "search_history",
    "audit_events",
}
"""Wholly restricted tables whose rows carry their subject themselves, and no other."""


def no_progress(table: str, done: int, total: int) -> None:
    assert table
    assert 0 <= done <= total


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[tuple[Connection, Population]]:
    """Populate an application, once for the module."""
    with own_database(server, "demo_people") as connection:
        create_application(connection)
        made = populate(connection, people=PEOPLE, seed=SEED, progress=no_progress)
        yield connection, made


def one(connection: Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_rows_are_counted_as_they_stand(database: tuple[Connection, Population]) -> None:
    connection, made = database
    assert len(made.rows) == 25
    assert made.inside + made.outside == made.people == PEOPLE
    assert 0 < made.undecided < made.inside
    assert 15 * PEOPLE < made.total < 25 * PEOPLE
    for table, rows in made.rows.items():
        assert one(connection, f"select count(*) from public.{table}") == rows


def test_the_same_seed_gives_the_same_bytes(
    database: tuple[Connection, Population], dsn: str
) -> None:
    _, made = database
    with connect(dsn, what="another application") as connection:
        create_application(connection)
        again = populate(connection, people=PEOPLE, seed=SEED, progress=no_progress)
        assert again == made


def test_another_seed_gives_others(database: tuple[Connection, Population], dsn: str) -> None:
    _, made = database
    with connect(dsn, what="another application") as connection:
        create_application(connection)
        other = populate(connection, people=PEOPLE, seed=SEED + 1, progress=no_progress)
        assert other.digest != made.digest


def test_nothing_stays_when_populating_fails(dsn: str) -> None:
    def stop(table: str, done: int, total: int) -> None:
        if table == "messages":
            raise RuntimeError(done, total)

    with connect(dsn, what="the application") as connection:
        create_application(connection)
        with pytest.raises(RuntimeError):
            populate(connection, people=100, seed=0, progress=stop)
        assert one(connection, "select count(*) from public.accounts") == 0


def test_new_rows_find_free_numbers(database: tuple[Connection, Population]) -> None:
    connection, _ = database
    with connection.transaction(force_rollback=True):
        connection.execute(
            "insert into public.accounts (handle, email, phone, password_hash)"
            " values ('new', 'new@example.com', '+470000000', '')"
        )
        connection.execute("insert into public.hashtags (tag) values ('brandnew')")
        connection.execute(
            "insert into public.devices (account_id, model, first_seen) values (1, 'x', now())"
        )
        connection.execute(
            "insert into public.video_captions (video_id, language_code, body)"
            " select id, 'zu', '' from public.videos limit 1"
        )


TRAPS = {
    "NULL and '' side by side": "select count(distinct coalesce(bio, '∅')) = 3"
    " from public.profiles where bio is null or bio in ('', E'col1\\tcol2\\tcol3')",
    "no home": "select count(*) > 0 from public.accounts where country is null",
    "an empty home": "select count(*) > 0 from public.accounts where country = ''",
    "a country that is gone": "select count(*) > 0 from public.accounts"
    " where country = 'Yugoslavia'",
    "lower case and blanks": "select count(distinct country) = 3 from public.accounts"
    " where country in ('de', 'fr', ' nl ')",
    "English names and three letters": "select count(distinct country) = 6 from public.accounts"
    " where country in ('Germany', 'Norway', 'United Kingdom', 'FRA', 'DEU', 'USA')",
    "UK and EL": "select count(distinct country) = 2 from public.accounts"
    " where country in ('UK', 'EL')",
    "overseas": "select count(distinct country) = 11 from public.accounts where country in"
    " ('RE', 'GP', 'GF', 'MQ', 'YT', 'GL', 'FO', 'PF', 'SJ', 'GI', 'JE')",
    "many scripts": "select count(*) = 6 from unnest(array['[Α-ω]', '[А-я]', '[一-龥]', '[ء-ي]',"
    " '[अ-ह]', '[ぁ-ん]']) as script where exists"
    " (select from public.profiles where real_name ~ script)",
    "emoji": "select count(*) > 0 from public.videos where caption like '%🇳🇴%'",
    "tabs, line ends, backslashes, quotes": "select count(*) = 5 from unnest(array"
    "[E'\\t', E'\\n', E'\\r\\n', E'\\\\', '\"']) as sign where exists"
    " (select from public.videos where position(sign in caption) > 0)",
    "COPY's own signals": "select count(distinct caption) = 3 from public.videos"
    " where caption in (E'\\\\N', E'\\\\.', 'NULL')",
    "a value out of line": "select max(length(caption)) > 20000 from public.videos",
    "infinity": "select count(*) > 0 from public.consents where valid_until = 'infinity'",
    "before our era": "select min(birth_date) < '0001-01-01' from public.profiles",
    "e-mails in documents": "select count(*) > 0 from public.audit_events"
    " where detail::text like '%@example.%'",
    "events of nobody": "select count(*) > 0 from public.audit_events where account_id is null",
    "nested answers": "select count(*) > 0 from public.comments as reply"
    " join public.comments as parent on parent.id = reply.parent_id"
    " where parent.parent_id is not null",
    "two kinds of address": "select count(distinct family(ip)) = 2 from public.sessions",
    "a table without a key": "select count(*) = 0 from pg_catalog.pg_constraint"
    " where conrelid = 'public.login_attempts'::regclass and contype = 'p'",
    "numbers unique all the same": "select count(*) = count(distinct attempt_no)"
    " from public.login_attempts",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_the_traps_of_real_data_are_there(
    database: tuple[Connection, Population], trap: str
) -> None:
    assert one(database[0], TRAPS[trap]) is True


CROSSING = {
    "follows": ("follower_id", "followee_id"),
    "messages": ("sender_id", "recipient_id"),
    "blocks": ("blocker_id", "blocked_id"),
    "reports": ("reporter_id", "reported_id"),
    "notifications": ("account_id", "actor_id"),
}


@pytest.mark.parametrize("table", CROSSING)
def test_rows_concern_two_people_across_the_border(
    database: tuple[Connection, Population], table: str
) -> None:
    connection, _ = database
    mark_insiders(connection)
    one_end, other_end = CROSSING[table]
    both = one(
        connection,
        f"select count(distinct a.yes::text || b.yes::text) from public.{table}"
        f" join pg_temp.side as a on a.id = {one_end}"
        f" join pg_temp.side as b on b.id = {other_end}",
    )
    assert both == 4


def mark_insiders(connection: Connection) -> None:
    """Note who counts as European, once a session."""
    connection.execute("create temp table if not exists side (id bigint primary key, yes bool)")
    if one(connection, "select count(*) from pg_temp.side"):
        return
    everybody = cast(people=PEOPLE, seed=SEED)
    with connection.cursor() as cursor, cursor.copy("copy pg_temp.side from stdin") as copy:
        for person in range(PEOPLE):
            copy.write_row((person + 1, everybody.inside(person)))


def test_statements_of_the_demo_run_on_the_application_itself(
    database: tuple[Connection, Population],
) -> None:
    """Each either answers or fails for the reason that its list of SQLSTATEs gives."""
    connection, _ = database
    for statement in STATEMENTS:
        with connection.transaction(force_rollback=True):
            connection.execute("set local search_path = public")
            text = statement.sql.encode()
            if statement.copy:
                with connection.cursor() as cursor, cursor.copy(text) as copy:
                    assert sum(1 for _ in copy) > 0
            elif statement.name == "error_tells":
                with pytest.raises(psycopg.errors.DataError) as caught:
                    connection.execute(text)
                assert caught.value.sqlstate in statement.inside
            else:
                connection.execute(text)


def test_the_policy_covers_every_column_and_the_statements(
    database: tuple[Connection, Population],
) -> None:
    connection, _ = database
    policy = parse((DEMO / "klover.yaml").read_text(encoding="utf-8"), "klover.yaml")
    resolved = trace(policy, read_catalog(connection))
    for traced in resolved.tables.values():
        if not traced.rule.shared:
            assert all(rule.declared for rule in traced.columns.values()), traced.name
    assert policy.stays_outside == {DataClass.INTEROPERABLE, DataClass.PUBLIC}
    abroad = see(resolved, policy.audiences["engineering-abroad"])
    inside = see(resolved, policy.audiences["trust-and-safety"])
    tables = {name.name: sight for name, sight in abroad.items()}
    for table in ("messages", "payments"):
        assert tables[table].rows is RowsShown.NONE
    shown = {column.column for column in tables["accounts"].shown()}
    assert {"id", "status", "created_at"} <= shown
    assert not {"email", "phone", "country", "handle", "email_domain"} & shown
    for name, sight in inside.items():
        assert len(sight.shown()) == len(sight.columns), name


def test_wholly_restricted_tables_are_so_in_the_policy(
    database: tuple[Connection, Population],
) -> None:
    assert database
    policy = parse((DEMO / "klover.yaml").read_text(encoding="utf-8"), "klover.yaml")
    rules = {name.name: rule for name, rule in policy.tables.items()}
    restricted = {
        name for name, rule in rules.items() if not rule.shared and rule.public_rows is Rows.NONE
    }
    assert restricted - QUIET == {"messages", "reports", "comment_reports", "payment_refunds"}


def test_erased_as_the_policy_asks_nothing_is_left_and_the_feed_stays(
    database: tuple[Connection, Population],
) -> None:
    connection, made = database
    sought = seek(people=PEOPLE, seed=SEED)
    before = scan(connection, sought)
    assert before.total > made.inside * 5
    assert {"audit_events", "comments", "settings", "videos", "search_history"} <= set(
        before.occurrences
    )
    mark_insiders(connection)
    account = {"account": made.american}
    with connection.transaction(force_rollback=True):
        shown = connection.execute(FEED["feed"], account).fetchall()
        authors = {row[1] for row in shown}
        erase_by_hand(connection)
        after = scan(connection, sought)
        assert after.occurrences == {}
        assert after.columns == before.columns
        assert connection.execute(FEED["feed"], account).fetchall() == shown
        assert len(shown) == 20
        assert len(authors) > 5
        followed = connection.execute(FEED["followed"], account).fetchone()
        assert followed == (24,)
        connection.execute(FEED["like_video"], {**account, "video": shown[0][0]})
        assert dangling_references(connection) == []


def erase_by_hand(connection: Connection) -> None:
    connection.execute("set local session_replication_role = replica")
    inside = "(select id from pg_temp.side where yes)"
    unpublished = "(select id from public.videos where visibility <> 'public')"
    hidden = f"""(select id from public.videos
                   where visibility <> 'public' and account_id in {inside})"""
    restricted = f"account_id in {inside} and video_id in {unpublished}"
    done = [
        f"delete from public.payment_refunds where payment_id in"
        f" (select id from public.payments where account_id in {inside})",
        f"""delete from public.comment_reports where reporter_id in {inside} or comment_id in
            (select id from public.comments where account_id in {inside})""",
        *(f"delete from public.{table} where account_id in {inside}" for table in QUIET),
        f"delete from public.messages where sender_id in {inside} or recipient_id in {inside}",
        f"delete from public.reports where reporter_id in {inside} or reported_id in {inside}",
        f"delete from public.video_captions where video_id in {hidden}",
        f"delete from public.video_tags where video_id in {hidden}",
        f"delete from public.likes where {restricted}",
        f"update public.comments set body = '' where removed_at is not null"
        f" and account_id in {inside} or {restricted}",
        f"update public.videos set title = '', caption = null where id in {hidden}",
        f"update public.videos set upload_ip = null, latitude = null, longitude = null"
        f" where account_id in {inside}",
        f"update public.blocks set note = null where blocker_id in {inside}"
        f" or blocked_id in {inside}",
        f"update public.settings set preferences = '{{}}' where account_id in {inside}",
        f"update public.profiles set real_name = null, birth_date = null, address = null"
        f" where account_id in {inside}",
        f"""update public.accounts set email = id || '@stub.invalid', phone = '+0000' || id,
            password_hash = '', invited_by = null where id in {inside}""",
    ]
    for statement in done:
        connection.execute(statement.encode())


def dangling_references(connection: Connection) -> list[str]:
    """Name the single-column foreign keys that point at nothing."""
    keys = connection.execute(
        """select conname, conrelid::regclass::text, a.attname, confrelid::regclass::text, b.attname
             from pg_constraint
             join pg_attribute a on a.attrelid = conrelid and a.attnum = conkey[1]
             join pg_attribute b on b.attrelid = confrelid and b.attnum = confkey[1]
            where contype = 'f'"""
    ).fetchall()
    assert len(keys) > 25
    return [
        name
        for name, table, column, target, key in keys
        if one(
            connection,
            f"select exists (select from {table} as row where row.{column} is not null"
            f" and not exists (select from {target} as goal where goal.{key} = row.{column}))",
        )
    ]
