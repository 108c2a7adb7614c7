"""Conditions on rows answer alike whatever a session sets: no setting makes a hidden row show."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.door import naming
from klover.door.predicates import refused
from klover.errors import PolicyError
from klover.store.connect import Connection, connect

SCHEMA = """
set search_path = public;
create type mood as enum ('good', 'bad');
create domain stamp as timestamptz;
create domain short as int;
create table people (id bigint primary key, name text);
create table posts (id int primary key, who bigint references people (id), made_at timestamptz,
  d date, ts timestamp, f float8, price numeric, raw bytea, stamped stamp, small short,
  times timestamptz[], numbers int[], feel mood, doc jsonb, span interval, ip inet, note text);
insert into people values (1, 'Kari');
insert into posts (id, who, made_at, d, ts, f, note) values
  (1, 1, '2026-01-01 12:00Z', '2026-01-01', '2026-01-01 12:00', 0.1, 'open'),
  (2, 1, '2026-01-03 12:00Z', '2026-01-03', '2026-01-03 12:00', 0.30000000000000004, 'hidden');
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: people, key: id, home: none, inside: [EEA]}
tables:
  people: {public_rows: true, columns: {id: interoperable}}
  posts:
    subject: who
    public_rows: "CONDITION"
    columns: {id: interoperable, note: {class: public, identifies: no}}
audiences:
  abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
"""
TURNED = [
    ("made_at::date <= '2026-01-01'", "date(timestamp with time zone)"),
    ("made_at::timestamp <= '2026-01-02'", '"timestamp"(timestamp with time zone)'),
    ("made_at::time < '13:00'", '"time"(timestamp with time zone)'),
    ("d::timestamptz <= '2026-01-02'", "timestamptz(date)"),
    ("ts::timestamptz <= '2026-01-02'", "timestamptz(timestamp without time zone)"),
    ("d < now()", "date_lt_timestamptz(date,timestamp with time zone)"),
    ("d in ('2026-01-01', now())", "date_eq_timestamptz(date,timestamp with time zone)"),
    ("(d, 1) < (made_at, 1)", "date_lt_timestamptz(date,timestamp with time zone)"),
    ("case when made_at > d then true end", "timestamptz_gt_date(timestamp with time zone,date)"),
    ("greatest(d, made_at) is null", "timestamptz(date)"),
    ("made_at < now() - interval '60 days'", "timestamptz_mi_interval(timestamp with time zone,in"),
    ("date_trunc('day', made_at) < '2026-01-02'", "date_trunc(text,timestamp with time zone)"),
    ("extract(day from made_at) = 1", "timestamp with time zone)"),
    ("to_char(d, 'TMMonth') = 'Mai'", "to_char(timestamp with time zone,text)"),
    ("d <= current_date", "current_date"),
    ("ts < localtimestamp", "localtimestamp"),
    ("note = current_user", "the name of the session's role"),
    ("note = current_setting('app.name')", "current_setting(text)"),
    ("note @@ 'open'", "ts_match_tt(text,text)"),
    ("concat(made_at) = 'x'", "concat("),
    ("made_at::text < '2026-01-02'", "a cast to text of timestamp with time zone"),
    ("stamped::text < '2026-01-02'", "a cast to text of public.stamp"),
    ("cast(d as varchar) < '2026-01-02'", "a cast to text of date"),
    ("times::text = '{}'", "a cast to text of timestamp with time zone[]"),
    ("times::text[] = array['x']", "a cast to text of timestamp with time zone"),
    ("array[f]::text = '{0.1}'", "a cast to text of double precision[]"),
    ("(now())::text > '2026'", "a cast to text of timestamp with time zone"),
    ("coalesce(d, '2026-01-01')::text > '2026'", "a cast to text of date"),
    ("(d + 1)::text > '2026'", "a cast to text of date"),
    ("row(d)::text = '(2026-01-01)'", "a cast to text of a value of some other type"),
    ("f::text = '0.1'", "a cast to text of double precision"),
    ("raw::text = 'x'", "a cast to text of bytea"),
    ("span::text = '1 day'", "a cast to text of interval"),
]
NEWER = [
    (160000, "json_array(made_at)::text < '[2026'"),
    (170000, "json_value(doc, '$.day' returning timestamptz) < now()"),
    (170000, "json_exists(doc, '$.day.timestamp_tz()')"),
]
"""Expressions with the first server that knows them."""
STEADY = [
    "made_at at time zone 'UTC' < '2026-01-02'",
    "made_at < now() and made_at > '2020-01-01' or made_at = current_timestamp",
    "d <= now() at time zone 'UTC'",
    "made_at at time zone 'UTC' < now() at time zone 'UTC' - interval '60 days'",
    "date_trunc('day', made_at, 'UTC') < now() and date_trunc('day', ts) < '2026-01-02'",
    "extract(day from d) = 1 and d::timestamp < '2026-01-02' and ts::date < '2026-01-02'",
    "feel::text = 'good' and feel > 'bad' and small::text = '7' and small::bigint > 1",
    "numbers::text = '{1}' and 1 = any(numbers) and numbers::text[] = array['1']",
    "price::text = '1' and ip::text = 'x' and doc::text = '7' and doc->>'a' = 'x'",
    "f > 0.1 and f::numeric > 1 and raw = 'x' and span > '1 day'",
    "lower(note) ilike 'x%' and coalesce(note, 'x')::varchar(3) = 'x'",
    "id::text = 'x' and note || price::text = 'x'",
    "(id + 1)::text = '2' and array[id]::text = '{1}'",
    "(case when id > 1 then 1 end)::text = '1'",
]


def with_condition(condition: str) -> str:
    return POLICY.replace("CONDITION", condition)


@pytest.fixture
def application(dsn: str) -> Iterator[Connection]:
    with connect(dsn, what="the enclave") as connection:
        connection.execute(SCHEMA.encode())
        yield connection


def test_what_a_session_could_turn_is_refused(application: Connection) -> None:
    for condition, words in TURNED:
        doors = compiled(application, resolve(application, with_condition(condition)))
        at = POLICY.index("  posts:")
        with pytest.raises(PolicyError, match="a session changes the answer") as caught:
            open_doors(application, doors)
        assert words in caught.value.message, condition
        assert caught.value.line == 1 + with_condition(condition)[:at].count("\n")
        with pytest.raises(PolicyError, match="a session changes the answer"):
            door.plan(application, doors)
    known = [text for since, text in NEWER if application.info.server_version >= since]
    for condition in known:
        doors = compiled(application, resolve(application, with_condition(condition)))
        (found,) = refused(application, doors.predicates, "klover.yaml")
        assert "an expression of SQL/JSON or XML" in found.message, condition


@pytest.mark.parametrize("condition", STEADY)
def test_what_none_could_turn_is_taken(application: Connection, condition: str) -> None:
    doors = compiled(application, resolve(application, with_condition(condition)))
    assert list(refused(application, doors.predicates, "klover.yaml")) == []


def test_the_same_rows_show_under_every_setting(application: Connection) -> None:
    condition = "made_at at time zone 'UTC' < '2026-01-02' and d <= now() at time zone 'UTC'"
    resolved = resolve(application, with_condition(condition))
    open_doors(application, compiled(application, resolved))
    assert not door.prove(application, resolved, TODAY).violations
    role = sql.Identifier(naming.session_roles("abroad", 1)[0])
    for setting in ("timezone = 'x+167'", "timezone = 'x-167'", "datestyle = 'SQL, DMY'"):
        with application.transaction(force_rollback=True):
            application.execute(sql.SQL("set local session authorization {}").format(role))
            application.execute(f"set local {setting}".encode())
            rows = application.execute("select note from door_abroad.posts").fetchall()
        assert rows == [("open",)]


def test_where_none_can_ask_a_look_passes_it_over_and_apply_does_not(
    application: Connection,
) -> None:
    doors = compiled(application, resolve(application, with_condition("d < now()")))
    with application.transaction(force_rollback=True):
        application.execute("set transaction read only")
        assert list(refused(application, doors.predicates, "klover.yaml", surely=False)) == []
    assert list(refused(application, doors.predicates, "klover.yaml", surely=False))
    application.execute(
        "create function public.no_ddl() returns event_trigger language plpgsql as"
        " $$ begin raise exception 'not now'; end $$;"
        "create event trigger no_ddl on ddl_command_end execute function public.no_ddl()"
    )
    assert list(refused(application, doors.predicates, "klover.yaml", surely=False)) == []
    with pytest.raises(psycopg.errors.RaiseException):
        list(refused(application, doors.predicates, "klover.yaml"))
