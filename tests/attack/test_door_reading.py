"""Reading around the views: tables, columns, rows, records, and what error texts would tell."""

# ruff: noqa: E501 - an attack is read as one statement

import pytest

from conftest import VERSION
from doubles.attack import (
    DENIED,
    NO_COLUMN,
    NO_FEATURE,
    NO_FUNCTION,
    NO_TABLE,
    Attack,
    attack,
    fails_on_primary,
    fails_on_standby,
    works_for_the_owner,
)
from doubles.enclave import Enclave

ATTACKS = (
    # Straight at the tables
    attack("read a base table", "select * from public.accounts", refused=DENIED, reveals="kari-mail"),
    attack("read one base column that the view shows", "select status from public.accounts", refused=DENIED, reveals="active"),
    attack("count a base table", "select count(*) from public.messages", refused=DENIED, reveals="[(1,)]"),
    attack("copy a base table", "copy public.accounts to stdout", refused=DENIED, reveals="kari-mail"),
    attack("copy columns of a base table", "copy public.accounts (email) to stdout", refused=DENIED, reveals="kari-mail"),
    attack("copy a query over a base table", "copy (select email from public.accounts) to stdout", refused=DENIED, reveals="kari-mail"),
    attack("dump a base table by TABLE", "table public.payments", refused=DENIED, reveals="4242-secret"),
    attack("read through ONLY", "select * from only public.videos", refused=DENIED, reveals="private-title"),
    attack("read through the star of old", "select * from public.videos *", refused=DENIED, reveals="private-title"),
    attack("sample a base table", "select * from public.videos tablesample system (100)", refused=DENIED, reveals="private-title"),
    attack("row numbers of a base table", "select ctid from public.accounts", refused=DENIED, reveals="(0,1)"),
    attack("the table's own number and times of its rows", "select tableoid, xmin, cmin from public.messages", refused=DENIED),
    attack("the whole row of a base table", "select a from public.accounts a", refused=DENIED, reveals="kari-mail"),
    attack("nothing of a base table", "select from public.messages", refused=DENIED),
    attack("existence in a base table", "select exists (select from public.messages where body like 's%')", refused=DENIED, reveals="True"),
    attack("a base table in a CTE", "with a as materialized (select email from public.accounts) select * from a", refused=DENIED, reveals="kari-mail"),
    attack("a base table in a recursive CTE", "with recursive a (n) as (select 1 union all select n + 1 from a, public.accounts b where n < 2) select * from a", refused=DENIED),
    attack("a base table behind a false condition", "select email from public.accounts where false", refused=DENIED),
    attack("a base table in a branch that is not taken", "select case when false then (select max(email::text) from public.accounts) end", tells="[(None,)]"),
    attack("a base table in a lateral", "select * from languages, lateral (select email from public.accounts) x", refused=DENIED, reveals="kari-mail"),
    attack("a base table by UNION", "select code from languages union all select email::text from public.accounts", refused=DENIED, reveals="kari-mail"),
    attack("lock a base table", "begin", "lock table public.accounts in access share mode", refused=DENIED),
    attack("read a table the door lacks", "select * from messages", refused=NO_TABLE, reveals="secret-message"),
    attack("read the stored pseudonyms", "select * from {keys}", refused=DENIED, reveals="("),
    attack("read another audience's door", "select * from door_trust_and_safety.accounts", refused=DENIED, reveals="kari-mail"),
    attack("read the notes on views", "select * from klover.door_view", refused=DENIED, reveals="door_engineering_abroad"),
    attack("where a sequence stands", "select last_value from public.accounts_id_seq", refused=DENIED),
    attack("where a sequence stands, by its view", "select last_value from pg_sequences where sequencename = 'reports_id_seq' and last_value is not null", tells="[]", control=("select nextval('public.reports_id_seq')", "select last_value from pg_sequences where sequencename = 'reports_id_seq' and last_value is not null"), reveals="[(1,)]"),
    attack("currval", "select currval('public.accounts_id_seq')", refused=DENIED, control=("select nextval('public.accounts_id_seq')", "select currval('public.accounts_id_seq')")),
    attack("nextval", "select nextval('public.accounts_id_seq')", refused=DENIED),
    attack("the latest version of a row", "select currtid2('public.accounts', '(0,1)')", refused=DENIED, reveals="(0,"),
    # Columns that are not there
    attack("select an absent column", "select email from accounts", refused=NO_COLUMN, reveals="kari-mail"),
    attack("filter by an absent column", "select id from accounts where email like 'k%'", refused=NO_COLUMN, reveals="4711"),
    attack("sort by an absent column", "select id from accounts order by phone", refused=NO_COLUMN, reveals="4711"),
    attack("group by an absent column", "select count(*) from accounts group by country", refused=NO_COLUMN, reveals="(2,)"),
    attack("grouping sets of an absent column", "select grouping(country), count(*) from accounts group by grouping sets ((country), ())", refused=NO_COLUMN, reveals="(0, 2)"),
    attack("having an absent column", "select status from accounts group by status having max(email::text) > 'k'", refused=NO_COLUMN, reveals="active"),
    attack("join on an absent column", "select 1 from accounts a join profiles p on p.real_name <> a.handle", refused=NO_COLUMN),
    attack("using an absent column", "select 1 from accounts a join accounts b using (email)", refused=NO_COLUMN),
    attack("absent column in a subquery", "select (select email from accounts limit 1)", refused=NO_COLUMN, reveals="@secret"),
    attack("absent column in a CTE", "with a as (select handle from accounts) table a", refused=NO_COLUMN, reveals="kari_handle"),
    attack("absent column in a window", "select row_number() over (order by email) from accounts", refused=NO_COLUMN),
    attack("absent column in a filter of an aggregate", "select count(*) filter (where country = 'NO') from accounts", refused=NO_COLUMN, reveals="(2,)"),
    attack("absent column in DISTINCT ON", "select distinct on (country) id from accounts", refused=NO_COLUMN),
    attack("absent column in LIMIT by peers", "select id from accounts order by email fetch first 1 row with ties", refused=NO_COLUMN),
    attack("absent column in a lateral", "select x.* from accounts a, lateral (select a.email) x", refused=NO_COLUMN, reveals="kari-mail"),
    attack("absent column of VALUES", "select (values (a.email)) from accounts a", refused=NO_COLUMN, reveals="kari-mail"),
    attack("absent column in RETURNING", "update accounts set status = 'active' returning email", refused=f"{DENIED} {NO_COLUMN}", reveals="kari-mail"),
    attack("absent column of a qualified view", "select door_engineering_abroad.accounts.email from door_engineering_abroad.accounts", refused=NO_COLUMN, control="select public.accounts.email from public.accounts", reveals="kari-mail"),
    attack("a stored column by its name", "select {hidden} from accounts", refused=NO_COLUMN, control=None),
    attack("a system column of a view", "select ctid, xmin, tableoid from accounts", refused=NO_COLUMN, reveals="(0,1)"),
    # The row as a whole
    attack("the row as a record", "select accounts from accounts", reveals="kari-mail"),
    attack("the row as JSON", "select to_jsonb(a), row_to_json(a) from accounts a", reveals="kari-mail"),
    attack("the row as text", "select a::text, a.*::text from accounts a", reveals="kari-mail"),
    attack("the row's size", "select max(pg_column_size(a)) > 150 from accounts a", tells="[(False,)]", reveals="[(True,)]"),
    attack("the row's bytes", "select record_send(a) from accounts a", reveals="kari-mail"),
    attack("the row's hash", "select hash_record_extended(a, 0) from accounts a where a::text like '%kari%'", tells="[]", reveals="[("),
    attack("the row in order", "select a.status from accounts a order by a", reveals="active"),
    attack("equal rows", "select count(*) from accounts a, accounts b where a = b", tells="[(3,)]"),
    attack("a field of the row", "select (a).email from accounts a", refused=NO_COLUMN, reveals="kari-mail"),
    attack("a field of the row as a function", "select email(a) from accounts a", refused=NO_FUNCTION, reveals="kari-mail"),
    attack("the row as the base table's type", "select (a::text::public.accounts).email from accounts a", refused="22P02 42804", reveals="kari-mail"),
    attack("JSON into the base table's type", "select (jsonb_populate_record(null::public.accounts, to_jsonb(a))).email from accounts a", refused="22P02", reveals="kari-mail"),
    attack("JSON keys of the row", "select jsonb_object_keys(to_jsonb(a)) from accounts a", tells="language_code", reveals="email"),
    attack("a JSON path over the row", "select jsonb_path_query(to_jsonb(a), '$.email') from accounts a", tells="[]", reveals="kari-mail"),
    attack("all rows aggregated", "select json_agg(a), array_agg(a), string_agg(a::text, ',') from accounts a", reveals="kari-mail"),
    attack("rows as XML", "select xmlforest(a.status, a.email) from accounts a", refused=f"{NO_COLUMN} {NO_FEATURE}", control=None),
    attack("natural join of everything", "select * from accounts natural join profiles natural join settings", control=None),
    attack("set operations", "select id from accounts union select account_id from videos except select id from comments", reveals="4711"),
    attack("the row by the view's alias", "select x.* from accounts as x (a, b, c, d, e, email)", refused="42P10", control="select x.e from public.accounts as x (a, b, c, e)", reveals="kari-mail"),
    attack("a cursor over the whole row", "begin", "declare c cursor for select accounts from accounts", "fetch all c", reveals="kari-mail"),
    attack("a cursor that outlives", "begin", "declare c cursor with hold for select accounts from accounts", "fetch all c", reveals="kari-mail"),
    attack("a prepared statement", "prepare p as select email from public.accounts", "execute p", refused=DENIED, reveals="kari-mail"),
    attack("a prepared plan kept from before", "prepare p (text) as select * from accounts where status::text = $1", "set plan_cache_mode = force_generic_plan", "execute p ('active')", reveals="kari-mail"),
    attack("WHERE CURRENT OF", "begin", "declare c cursor for select * from accounts", "fetch c", "delete from accounts where current of c", refused="42P10 42809 55000 42501 0A000", control=None),
    # Restricted rows
    attack("private videos by predicate", "select * from videos where visibility <> 'public'", tells="[]", reveals="private-title"),
    attack("private videos by OR", "select count(*) from videos where true or visibility = 'private'", tells="[(1,)]", reveals="[(3,)]"),
    attack("private videos by absence", "select account_id from likes where video_id not in (select id from videos)", tells="[]", control=None),
    attack("what hangs off a private video", "select * from video_captions", reveals="private-caption"),
    attack("removed comments", "select * from comments where removed_at is not null", tells="[]", reveals="removed-comment"),
    attack("private rows by an outer join", "select count(*) from likes l full join videos v on v.id = l.video_id", tells="[(1,)]", reveals="[(3,)]"),
    attack("private rows by a lateral", "select * from accounts a, lateral (select * from videos v where v.account_id = a.id) x", reveals="private-title"),
    attack("private rows by a sample", "select * from videos tablesample bernoulli (100)", refused="42809 0A000", reveals="private-title"),
    attack("private rows by a window", "select count(*) over (), lag(duration_s, 1) over (order by created_at) from videos", tells="[(1, None)]", reveals="(3, "),
    attack("private rows by CUBE", "select visibility, count(*) from videos group by cube (visibility)", tells="(None, 1)", reveals="(None, 3)"),
    attack("private rows without row security", "set row_security = off", "select count(*) from videos", tells="[(1,)]", control="select count(*) from public.videos", reveals="[(3,)]"),
    # Error texts and order of evaluation
    attack("a value in a cast's error", "select visibility::text::integer from videos", refused="22P02", control=None),
    attack("a pseudonym in a cast's error", "select id::text::integer from accounts", refused="22P02", control=None),
    attack("a private row divides by zero first", "select 1 / (duration_s - 3) from videos", control=None),
    attack("a private row divides by zero in a filter", "select count(*) from videos where 1 / (duration_s - 3) > 5", tells="[(0,)]", control=None),
    attack("an error before the barrier", "select * from videos where (1 / (duration_s - 3))::text::int > 5", control=None),
    attack("a cast before the barrier", "select * from videos where visibility::text::integer > 5", refused="22P02", control=None),
    attack("regular expression before the barrier", "select * from videos where visibility::text ~ 'priv'", tells="[]", reveals="private-title"),
    *([attack("an error made into an answer", "select pg_input_is_valid(a::text, 'integer') from accounts a", control=None)] if VERSION >= 16 else []),
    *([attack("an error's details made into an answer", "select pg_input_error_info(a::text, 'integer') from accounts a", control=None)] if VERSION >= 16 else []),
    attack("a sort that fails on a hidden row", "select 1 from videos order by 1 / (duration_s - 3)", control=None),
    attack("an aggregate that fails on a hidden row", "select sum(1 / (duration_s - 3)) from videos", control=None),
    attack("a join that fails on a hidden row", "select 1 from videos v join languages l on 1 / (v.duration_s - 3) = 7", tells="[]", control=None),
    attack("a parameter's error", "prepare p (integer) as select $1", "execute p ((select a::text::integer from accounts a limit 1))", refused="42601 0A000 42P01 42P02 22P02", control=None),
    attack("planner made careless", "set enable_hashjoin = off", "set enable_seqscan = off", "set from_collapse_limit = 1", "select * from videos where visibility::text ~ 'priv' and 1 / (duration_s - 3) > 0", tells="[]", control=None),
    attack("planner told to run in parallel", "set debug_parallel_query = on" if VERSION >= 16 else "set force_parallel_mode = on", "select * from videos where 1 / (duration_s - 3) > 5", control=None),
    attack("a collation's error", 'select count(*) from videos where visibility::text collate "C" > 0::text', tells="[(1,)]", control='select count(*) from public.videos where visibility::text collate "C" > 0::text', reveals="[(3,)]"),
    attack("null bytes and casts", "select convert_from(decode('00', 'hex'), 'UTF8')", refused="22021", control=None),
)  # fmt: skip


@pytest.mark.parametrize("attempt", ATTACKS, ids=lambda attempt: attempt.name)
class TestAttack:
    def test_on_the_standby(self, closed: Enclave, attempt: Attack) -> None:
        fails_on_standby(closed, attempt)

    def test_on_a_hardened_primary(self, closed: Enclave, attempt: Attack) -> None:
        fails_on_primary(closed, attempt)

    def test_it_works_for_the_owner(self, closed: Enclave, attempt: Attack) -> None:
        works_for_the_owner(closed, attempt)
