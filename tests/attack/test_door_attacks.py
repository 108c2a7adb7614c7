"""What a curious or hostile member of an audience tries at a door, each as a test.

Every attack runs as a leased session role on the standby, where doors open, and once more on the
primary by SET SESSION AUTHORIZATION, where nothing but grants and hardening stands in its way.
Whatever comes back, in rows, errors or notices, must hold no secret; where a SQLSTATE is given,
the attempt has to be refused with it.
"""

# ruff: noqa: E501 - an attack is read as one statement

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from doubles.enclave import SECRETS, Enclave, enclave, everything_told
from klover.store.connect import Connection
from klover.store.embedded import Server

DENIED = "42501"
NO_TABLE = "42P01"
NO_COLUMN = "42703"
NO_FUNCTION = "42883"
NO_OBJECT = "42704"
READ_ONLY = "25006"
NO_UPDATE = "55000 0A000"
SLUG = "engineering_abroad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    name: str
    sql: tuple[str, ...]
    refused: frozenset[str] = frozenset()
    """The SQLSTATEs that refuse it; empty where it may run and tells nothing."""
    standby_only: bool = False
    """True where only a standby refuses it: the reason why doors open on one."""


def attack(name: str, *sql: str, refused: str = "", standby_only: bool = False) -> Attack:
    return Attack(name=name, sql=sql, refused=frozenset(refused.split()), standby_only=standby_only)


ATTACKS = (
    # Straight at the tables
    attack("read a base table", "select * from public.accounts", refused=DENIED),
    attack(
        "read one base column that the view shows",
        "select status from public.accounts",
        refused=DENIED,
    ),
    attack("count a base table", "select count(*) from public.messages", refused=DENIED),
    attack("copy a base table", "copy public.accounts to stdout", refused=DENIED),
    attack(
        "copy columns of a base table", "copy public.accounts (email) to stdout", refused=DENIED
    ),
    attack("dump a base table by TABLE", "table public.payments", refused=DENIED),
    attack(
        "read through an inherited or only name", "select * from only public.videos", refused=DENIED
    ),
    attack(
        "lock a base table",
        "begin",
        "lock table public.accounts in access share mode",
        refused=DENIED,
    ),
    attack("read a table the door lacks", "select * from messages", refused=NO_TABLE),
    attack(
        "read the keys of pseudonyms",
        "select * from klover_pseudonym.key",
        refused=DENIED,
    ),
    attack(
        "read another audience's door",
        "select * from door_trust_and_safety.accounts",
        refused=DENIED,
    ),
    attack("read the notes on views", "select * from klover.door_view", refused=DENIED),
    attack("use a sequence", "select last_value from public.accounts_id_seq", refused=DENIED),
    # Columns that are not there
    attack("select an absent column", "select email from accounts", refused=NO_COLUMN),
    attack(
        "filter by an absent column",
        "select id from accounts where email like 'k%'",
        refused=NO_COLUMN,
    ),
    attack("sort by an absent column", "select id from accounts order by phone", refused=NO_COLUMN),
    attack(
        "group by an absent column",
        "select count(*) from accounts group by country",
        refused=NO_COLUMN,
    ),
    attack(
        "join on an absent column",
        "select 1 from accounts a join profiles p on p.real_name = a.handle",
        refused=NO_COLUMN,
    ),
    attack(
        "absent column in a subquery",
        "select (select email from accounts limit 1)",
        refused=NO_COLUMN,
    ),
    attack(
        "absent column in a CTE",
        "with a as (select handle from accounts) table a",
        refused=NO_COLUMN,
    ),
    attack(
        "absent column in a window",
        "select row_number() over (order by email) from accounts",
        refused=NO_COLUMN,
    ),
    attack(
        "absent column in RETURNING",
        "update accounts set status = 'active' returning email",
        refused=f"{DENIED} {READ_ONLY} {NO_COLUMN}",
    ),
    attack(
        "absent column of a qualified view",
        "select door_engineering_abroad.accounts.email from accounts",
        refused=f"{NO_COLUMN} 0A000 42P01",
    ),
    attack("system column", "select ctid, xmin, tableoid from accounts", refused=NO_COLUMN),
    # The row as a whole
    attack("the row as a record", "select accounts from accounts"),
    attack("the row as JSON", "select to_jsonb(a), row_to_json(a) from accounts a"),
    attack("the row as text", "select a::text, a.*::text from accounts a"),
    attack(
        "a field of the row",
        "select (a).email from accounts a",
        refused=f"{NO_COLUMN} {NO_FUNCTION}",
    ),
    attack(
        "the row as the base table's type",
        "select (a::text::public.accounts).email from accounts a",
        refused=f"22P02 42804 22023 {DENIED} 22007",
    ),
    attack(
        "JSON into the base table's type",
        "select (jsonb_populate_record(null::public.accounts, to_jsonb(a))).email from accounts a",
        refused=f"22P02 {DENIED}",
    ),
    attack(
        "all rows aggregated",
        "select json_agg(a), array_agg(a), string_agg(a::text, ',') from accounts a",
    ),
    attack(
        "natural join of everything",
        "select * from accounts natural join profiles natural join settings",
    ),
    attack(
        "set operations",
        "select id from accounts union select account_id from videos except select id from comments",
    ),
    # Restricted rows
    attack("private videos by predicate", "select * from videos where visibility <> 'public'"),
    attack(
        "private videos by absence",
        "select account_id from likes where video_id not in (select id from videos)",
    ),
    attack("what hangs off a private video", "select * from video_captions; "),
    attack("removed comments", "select * from comments where removed_at is not null"),
    attack(
        "private rows by an outer join",
        "select * from likes l left join videos v on v.id = l.video_id",
    ),
    attack(
        "private rows by a lateral",
        "select * from accounts a, lateral (select * from videos v where v.account_id = a.id) x",
    ),
    # Error texts and order of evaluation
    attack(
        "a value in a cast's error", "select visibility::text::integer from videos", refused="22P02"
    ),
    attack(
        "a pseudonym in a cast's error",
        "select id::text::integer from accounts",
        refused="22P02 22003",
    ),
    attack(
        "division by what a row holds", "select 1 / (duration_s - 10) from videos", refused="22012"
    ),
    attack("a private row divides by zero first", "select 1 / (duration_s - 3) from videos"),
    attack(
        "an error before the barrier",
        "select * from videos where (1 / (duration_s - 3))::text::int > 5",
    ),
    attack(
        "regular expression before the barrier",
        "select * from videos where visibility::text ~ 'priv'",
    ),
    # Code
    attack(
        "create a leaky function",
        "create function leak(text) returns bool language sql cost 0.0001 as 'select true'",
        refused=f"{DENIED} {READ_ONLY} 3F000",
    ),
    attack(
        "create one in public",
        "create function public.leak(text) returns bool language plpgsql as 'begin raise notice $$%$$, $1; return true; end'",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack(
        "an anonymous block",
        "do 'begin raise notice ''%'', (select email from public.accounts limit 1); end'",
        refused=DENIED,
    ),
    attack(
        "an anonymous block in SQL", "do language sql 'select 1'", refused=f"{DENIED} 0A000 42809"
    ),
    attack(
        "an operator of one's own",
        "create operator public.<<< (function = texteq, leftarg = text, rightarg = text)",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack(
        "a view of one's own",
        "create view mine as select * from public.accounts",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack(
        "replace the door's view",
        "create or replace view accounts as select * from public.accounts",
        refused=f"{DENIED} {READ_ONLY} 42P16",
    ),
    attack(
        "drop the barrier",
        "alter view accounts set (security_barrier = false)",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack(
        "take the view",
        "alter view accounts owner to current_user",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack(
        "the application's functions", "select public.touch_updated_at()", refused=f"{DENIED} 0A000"
    ),
    # Functions that execute strings
    attack(
        "query_to_xml",
        "select query_to_xml('select email from public.accounts', true, false, '')",
        refused=DENIED,
    ),
    attack(
        "table_to_xml", "select table_to_xml('public.accounts', true, false, '')", refused=DENIED
    ),
    attack("schema_to_xml", "select schema_to_xml('public', true, false, '')", refused=DENIED),
    attack("database_to_xml", "select database_to_xml(true, false, '')", refused=DENIED),
    attack("cursor_to_xml", "select cursor_to_xml('c', 1, true, false, '')", refused=DENIED),
    attack(
        "ts_stat",
        "select * from ts_stat('select to_tsvector(email) from public.accounts')",
        refused=DENIED,
    ),
    attack(
        "ts_rewrite",
        "select ts_rewrite('a'::tsquery, 'select to_tsquery(email), to_tsquery(email) from public.accounts')",
        refused=DENIED,
    ),
    attack(
        "dblink",
        "select * from dblink('dbname=postgres', 'select 1') as t(a int)",
        refused=NO_FUNCTION,
    ),
    attack(
        "load an extension", "create extension dblink", refused=f"{DENIED} {READ_ONLY} 0A000 58P01"
    ),
    attack("load a library", "load 'auto_explain'", refused=f"{DENIED} 58P01"),
    # Catalogs
    attack("statistics", "select * from pg_stats", refused=DENIED),
    attack("raw statistics", "select stavalues1 from pg_statistic", refused=DENIED),
    attack("extended statistics", "select * from pg_statistic_ext_data", refused=DENIED),
    attack("statistics on expressions", "select * from pg_stats_ext_exprs", refused=DENIED),
    attack("view definitions", "select definition from pg_views where schemaname like 'door%'"),
    attack(
        "rules", "select pg_get_ruledef(oid) from pg_rewrite where ev_class = 'accounts'::regclass"
    ),
    attack("defaults and checks", "select pg_get_expr(adbin, adrelid) from pg_attrdef"),
    attack(
        "the information schema",
        "select * from information_schema.columns where table_schema = 'public'",
    ),
    attack("comments on objects", "select description from pg_description where objoid > 16384"),
    attack("passwords", "select * from pg_authid", refused=DENIED),
    attack("shadow passwords", "select * from pg_shadow", refused=DENIED),
    attack("foreign servers' passwords", "select * from pg_user_mapping", refused=DENIED),
    attack("how people log in", "select * from pg_hba_file_rules", refused=DENIED),
    attack("row counts by table", "select n_live_tup from pg_stat_user_tables", refused=DENIED),
    attack(
        "row counts by function",
        "select pg_stat_get_live_tuples('public.messages'::regclass)",
        refused=DENIED,
    ),
    # Other sessions
    attack("others' statements", "select query from pg_stat_activity", refused=DENIED),
    attack(
        "others' statements by function", "select * from pg_stat_get_activity(null)", refused=DENIED
    ),
    attack("one backend's statement", "select pg_stat_get_backend_activity(1)", refused=DENIED),
    attack("others' locks", "select * from pg_locks", refused=DENIED),
    attack("cancel", "select pg_cancel_backend(1)", refused=DENIED),
    attack("terminate", "select pg_terminate_backend(1, 0)", refused=DENIED),
    attack("advisory lock", "select pg_advisory_lock(1)", refused=DENIED),
    attack("notify", "notify klover, 'x'", refused=f"{READ_ONLY} 0A000", standby_only=True),
    attack("notify by function", "select pg_notify('klover', 'x')", refused=DENIED),
    attack("export a snapshot", "select pg_export_snapshot()", refused=DENIED),
    attack(
        "write to the log of changes",
        "select pg_logical_emit_message(false, 'a', 'b')",
        refused=DENIED,
    ),
    # Its own role and settings
    attack(
        "a password of its own",
        "alter role current_user password 'x'",
        refused=f"{DENIED} {READ_ONLY}",
        standby_only=True,
    ),
    attack(
        "settings of its own for good",
        "alter role current_user set search_path = public",
        refused=f"{DENIED} {READ_ONLY}",
        standby_only=True,
    ),
    attack(
        "more connections",
        "alter role current_user connection limit 10",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack("superuser", "alter role current_user superuser", refused=f"{DENIED} {READ_ONLY}"),
    attack("become the view's owner", "set role klover_owner_engineering_abroad", refused=DENIED),
    attack("become another door", "set role klover_door_trust_and_safety", refused=DENIED),
    attack("become the owner of the store", "set role klover", refused=DENIED),
    attack("set_config", "select set_config('search_path', 'public', false)", refused=DENIED),
    attack(
        "SET by another name",
        "update pg_settings set setting = 'public' where name = 'search_path'",
        refused=DENIED,
    ),
    attack(
        "base tables by search path",
        "set search_path = public",
        "select * from accounts",
        refused=DENIED,
    ),
    attack("no limits on row security", "set row_security = off", "select * from accounts"),
    attack(
        "server settings",
        "alter system set log_statement = 'all'",
        refused=f"{DENIED} {READ_ONLY} 25001",
    ),
    attack("log everything", "set log_statement = 'all'", refused=DENIED),
    attack("preload a library", "set session_preload_libraries = 'x'", refused=DENIED),
    attack("replicate as the server", "set session_replication_role = replica", refused=DENIED),
    attack(
        "planner made careless",
        "set debug_parallel_query = on",
        "set enable_hashjoin = off",
        "select * from videos where visibility::text ~ 'priv'",
    ),
    # Files, large objects, other places
    attack("read a file", "select pg_read_file('pg_hba.conf')", refused=DENIED),
    attack("list a folder", "select pg_ls_dir('.')", refused=DENIED),
    attack(
        "copy from a file",
        "copy accounts from '/etc/passwd'",
        refused=f"{DENIED} {READ_ONLY} 42809",
    ),
    attack("copy to a program", "copy accounts to program 'cat'", refused=DENIED),
    attack("copy to a file", "copy accounts to '/tmp/x'", refused=DENIED),
    attack("a large object", "select lo_create(0)", refused=f"{DENIED} {READ_ONLY}"),
    attack("import a file as one", "select lo_import('/etc/passwd')", refused=DENIED),
    attack(
        "a temporary table",
        "create temp table t as select * from accounts",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    attack("SELECT INTO", "select * into mine from accounts", refused=f"{DENIED} {READ_ONLY}"),
    attack(
        "write through the view",
        "delete from accounts",
        refused=f"{DENIED} {READ_ONLY} {NO_UPDATE}",
    ),
    attack(
        "merge through the view",
        "merge into accounts a using accounts b on a.id = b.id when matched then delete",
        refused=f"{DENIED} {READ_ONLY} {NO_UPDATE}",
    ),
    attack("truncate", "truncate public.accounts", refused=f"{DENIED} {READ_ONLY}"),
    attack("lock rows", "select * from accounts for update", refused=f"{DENIED} {READ_ONLY}"),
    attack(
        "a server of one's own",
        "create server s foreign data wrapper x",
        refused=f"{NO_OBJECT} {READ_ONLY} {DENIED}",
    ),
    attack(
        "subscribe",
        "create subscription s connection 'x' publication p",
        refused=f"{DENIED} {READ_ONLY}",
    ),
    # Plans, cursors, prepared statements
    attack("explain a base table", "explain select email from public.accounts", refused=DENIED),
    attack("explain a view", "explain verbose select * from videos"),
    attack(
        "a prepared statement",
        "prepare p as select email from public.accounts",
        "execute p",
        refused=DENIED,
    ),
    attack(
        "a cursor that outlives",
        "declare c cursor with hold for select accounts from accounts",
        "fetch all c",
    ),
    attack(
        "sample a view", "select * from accounts tablesample system (100)", refused="42809 0A000"
    ),
    attack(
        "null bytes and casts", "select convert_from(decode('00', 'hex'), 'UTF8')", refused="22021"
    ),
)


@pytest.fixture(scope="module")
def closed(server: Server, standby: Server) -> Iterator[Enclave]:
    with enclave(server, standby, "klover_test_attacks") as made:
        yield made


@pytest.mark.parametrize("attempt", ATTACKS, ids=lambda attempt: attempt.name)
def test_attack_on_the_standby(closed: Enclave, attempt: Attack) -> None:
    with closed.session(SLUG) as session:
        _fails(session, attempt)


@pytest.mark.parametrize(
    "attempt",
    [attempt for attempt in ATTACKS if not attempt.standby_only],
    ids=lambda attempt: attempt.name,
)
def test_attack_on_the_primary(closed: Enclave, attempt: Attack) -> None:
    with closed.on_primary(SLUG) as session:
        _fails(session, attempt)


@pytest.mark.parametrize(
    "attempt",
    [attempt for attempt in ATTACKS if attempt.standby_only],
    ids=lambda attempt: attempt.name,
)
def test_what_only_a_standby_refuses(closed: Enclave, attempt: Attack) -> None:
    with closed.on_primary(SLUG) as session, session.transaction(force_rollback=True):
        _, sqlstate = everything_told(session, attempt.sql)
    assert not sqlstate


def _fails(session: Connection, attempt: Attack) -> None:
    told, sqlstate = everything_told(session, attempt.sql)
    if attempt.refused:
        assert sqlstate in attempt.refused, told
    leaked = [secret for secret in SECRETS if secret in told]
    assert not leaked
