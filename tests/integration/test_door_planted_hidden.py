"""Planted where a proof does not look by itself: among Postgres' own, in odd grants, left behind.

Each is planted in a transaction, found by the whole proof, and rolled back. What only the files of
a server say is in ``test_door_settings_to_come``.
"""

# ruff: noqa: E501 - a plant is read as one statement

from collections.abc import Iterable, Iterator

import pytest
from psycopg import sql

from conftest import VERSION
from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from doubles.enclave import PEOPLE
from doubles.mended import mend
from klover import door
from klover.door import Fact, Verdict
from klover.door.cluster import read_cluster
from klover.door.prove.cluster import prove_cluster
from klover.door.prove.hidden import prove_hidden
from klover.door.prove.settings import prove_settings
from klover.door.prove.ways import prove_ways
from klover.policy.resolved import Resolved
from klover.store.access import REPLICATION
from klover.store.connect import Connection
from klover.store.embedded import Server

Held = tuple[Connection, Resolved]
Plant = tuple[str, str, str, int]
DOOR = "klover_door_engineering_abroad"
SESSION = "klover_s_engineering_abroad_01"
BY_HAND = "set local allow_system_table_mods = on; {}; set local allow_system_table_mods = off"
ON_TOAST = """do $$ begin execute format('grant select on %s to stranger', (
select reltoastrelid::regclass from pg_class where oid = 'public.messages'::regclass)); end $$"""
RUNS = "language plpgsql stable as $$ declare r text; begin execute $1 into r; return r; end $$"


def plant(name: str, sql: str, found: str, since: int = 15) -> Plant:
    return name, sql, found, since


AMONG_POSTGRES_OWN = (
    plant("a view among the information schema's", "create view information_schema.leak as select * from public.accounts; grant select on information_schema.leak to public", "information_schema.leak: stands among Postgres' own"),
    plant("a table among the information schema's", "create table information_schema.leak (email text)", "information_schema.leak: stands among Postgres' own"),
    plant("a materialised view there", "create materialized view information_schema.leak as select email from public.accounts", "information_schema.leak: stands among Postgres' own"),
    plant("a view among the catalogs", BY_HAND.format("create view pg_catalog.leak as select * from public.accounts"), "pg_catalog.leak: stands among Postgres' own"),
    plant("a schema that looks like Postgres'", BY_HAND.format("create schema pg_toast_cache; create view pg_toast_cache.leak as select * from public.accounts"), "pg_toast_cache.leak: stands among Postgres' own"),
    plant("a rewritten view of the information schema", "create or replace view information_schema.enabled_roles as select email::text::information_schema.sql_identifier as role_name from public.accounts", "information_schema.enabled_roles: was rewritten, and asks for table public.accounts"),
    plant("a view that calls the application's code", "create or replace view information_schema.enabled_roles as select public.touch()::information_schema.sql_identifier as role_name", "was rewritten, and asks for function"),
    plant("Postgres' own function with an owner's rights", "alter function pg_catalog.query_to_xml(text, bool, bool, text) security definer", "function query_to_xml(text,boolean,boolean,text): is Postgres' own, and was made to run with"),
    plant("what ends sessions, said to compute", "alter function pg_catalog.pg_terminate_backend(int, bigint) stable; grant execute on function pg_terminate_backend(int, bigint) to public", "function pg_terminate_backend(integer,bigint): is Postgres' own, and was changed"),
    plant("what reads large objects, said to compute", "alter function pg_catalog.lo_get(oid) immutable; grant execute on function lo_get(oid) to public", "function lo_get(oid): is Postgres' own, and was changed"),
    plant("what reads files, under another name", "create or replace function pg_catalog.md5(text) returns text language internal strict immutable leakproof as 'pg_read_file_all'", "function md5(text): is Postgres' own, and was changed"),
    plant("what runs strings, under another name", f"create or replace function pg_catalog.md5(text) returns text {RUNS}", "function md5(text): is Postgres' own, and was changed"),
    plant("division that passes a barrier", "alter function pg_catalog.int4div(int, int) leakproof", "function int4div(integer,integer): is marked leakproof"),
    plant("a cast that passes a barrier", "alter function pg_catalog.int4(numeric) leakproof", "function int4(numeric): is marked leakproof"),
    plant("an application's function that passes a barrier", "create function public.seen(text) returns bool language plpgsql leakproof as $$ begin raise notice '%', $1; return true; end $$", "function public.seen(text): is marked leakproof"),
    plant("a file's reader by its internal name", "create function public.peek(text) returns text language internal strict as 'pg_read_file_all'; grant execute on function public.peek(text) to stranger", "function public.peek(text): is another name for a function of Postgres' own"),
    plant("a file's reader by an aggregate", "create aggregate public.peek(bigint, bigint) (sfunc = pg_read_file, stype = text, initcond = '/etc/passwd'); grant execute on function public.peek(bigint, bigint) to stranger", "function public.peek(bigint,bigint): is another name for a function of Postgres' own"),
    plant("a library from elsewhere in an extension", "create function public.native() returns language_handler as '{library}', 'plpgsql_call_handler' language c; alter extension plpgsql add function public.native()", "function public.native(): runs a library's code"),
)  # fmt: skip
GIVEN = (
    plant("where long values lie", ON_TOAST, "stranger pg_toast.pg_toast_{toast} (long values of public.messages): may read it"),
    plant("when rows came, for a door", f"grant select (xmin) on public.messages to {DOOR}", f"{DOOR} public.messages.xmin: may read it, and count rows"),
    plant("where rows lie, for everybody", "grant select (ctid, tableoid) on public.messages to public", "public public.messages.ctid: may read it, and count rows"),
    plant("when rows came, for a stranger", "grant select (xmin) on public.messages to stranger", "stranger public.messages.xmin: may read it"),
    plant("a password in a column, for a stranger", "grant select (rolpassword) on pg_authid to stranger", "stranger pg_catalog.pg_authid: may use it; it holds values or secrets"),
    plant("a subscription's password, for everybody", "grant select (subconninfo) on pg_subscription to public", "public pg_catalog.pg_subscription: may use it"),
    plant("values by a column of statistics", "grant select (stavalues1) on pg_statistic to app_video", "app_video pg_catalog.pg_statistic: may use it"),
    plant("the maintenance of a table, for a door", f"grant maintain on public.accounts to {DOOR}", f"{DOOR} public.accounts: may lock it", 17),
    plant("the maintenance of a table, for an owner", "grant maintain on public.accounts to klover_owner_engineering_abroad", "public.accounts: may lock it, and change its estimates", 17),
    plant("the maintenance of a table, for everybody", "grant maintain on public.messages to public", "public public.messages: may lock it", 17),
    plant("the maintenance of a table, for a stranger", "grant maintain on public.messages to stranger", "stranger public.messages: may lock it", 17),
    plant("the maintenance of a catalog", "grant maintain on pg_catalog.pg_class to public", "public pg_catalog.pg_class: may lock it", 17),
    plant("a stranger in a door", "grant usage on schema door_support_europe to stranger; grant select on door_support_europe.accounts to stranger", "stranger door_support_europe.accounts: reads it"),
    plant("an application in a door", "grant select on door_support_europe.accounts to app_video", "app_video door_support_europe.accounts: reads it, which is more than an application may"),
    plant("a door's view to hand on", f"grant select on door_engineering_abroad.accounts to {DOOR} with grant option", f"{DOOR} door_engineering_abroad.accounts: may give to others"),
    plant("a column to hand on", "grant select (id) on public.accounts to klover_owner_engineering_abroad with grant option", "klover_owner_engineering_abroad public.accounts: may give to others"),
    plant("a table for the group of sessions", "grant select on public.accounts to klover_session", "klover_session public.accounts: holds some of it"),
    plant("a column for the group of sessions", "grant select (email) on public.accounts to klover_session", "klover_session public.accounts: holds some of it"),
    plant("tables to come for the group of sessions", "alter default privileges in schema public grant select on tables to klover_session", "default privileges of klover in public: SELECT on new tables"),
    plant("tables to come by a role that looks like a door's", "create role klover_door_zz; grant klover_door_zz to stranger; alter default privileges in schema public grant select on tables to klover_door_zz", "stranger default privileges of klover in public"),
    plant("a closed function for all applications", "grant execute on function pg_read_file(text) to klover_application", "app_video function pg_read_file(text): may execute it; Postgres closes it"),
    plant("a closed function by a role of Postgres'", "grant execute on function pg_read_file(text) to pg_monitor; grant pg_monitor to app_video", "app_video function pg_read_file(text): may execute it"),
    plant("schemas and publications for a stranger", "grant create on database {database} to stranger", "stranger this database: may make schemas and publications"),
    plant("schemas for everybody", "grant create on database {database} to public", "public this database: may make schemas"),
    plant("a stranger's code among the application's", "grant create on schema public to stranger", "stranger schema public: may create in it what others come to run"),
    plant("a stranger owns a schema", "create schema aside authorization stranger", "stranger schema aside: owns it"),
    plant("keys by a view, for an application", "create view public.k as select * from klover_pseudonym.key; grant select on public.k to app_video", "pseudonyms public.k: hangs on the keys"),
    plant("keys by a rule, for an application", "create view public.k as select 1 as one; create rule r as on delete to public.k do instead select ipad from klover_pseudonym.key", "pseudonyms public.k: hangs on the keys"),
    plant("rows that pass for keys", "create table public.k () inherits (klover_pseudonym.key)", "pseudonyms public.k: hangs on the keys of pseudonyms and is read with them"),
)  # fmt: skip
LEFT = (
    plant("defaults of a session's own", f"alter default privileges for role {SESSION} grant select on tables to klover_watch", f"{SESSION} default privileges on new relations"),
    plant("a type in a door", "create domain door_engineering_abroad.d as int", "type door_engineering_abroad.d: stands in a door's schema"),
    plant("an operator in a door", "create operator door_engineering_abroad.@#@ (function = pg_catalog.int4pl, leftarg = int, rightarg = int)", "stands in a door's schema"),
    plant("a secret for everybody to read", "alter database {database} set app.jwt_secret = 'x'", "setting app.jwt_secret: is called a secret"),
    plant("an application's secret for everybody to read", "alter role app_video set app.api_key = 'x'", "setting app.api_key: is called a secret"),
    plant("rows without their foreign keys", "set local session_replication_role = replica", "session_replication_role: lets rows be written"),
    plant("code from another folder", "set local dynamic_library_path = '/tmp:$libdir'", "the server takes code from there"),
)  # fmt: skip
BY_THE_WHOLE = (
    plant("a role whose members the sessions are", "create role more; grant more to klover_session", "klover_session role more: is a member of it"),
    plant("a setting that another hides", f"alter role {SESSION} set default_transaction_read_only = on; alter role {SESSION} in database {{database}} set default_transaction_read_only = off", f"{SESSION} settings: does not start with default_transaction_read_only=on"),
    plant("no limit of time that another hides", f"alter role {SESSION} set statement_timeout = '5min'; alter role {SESSION} in database {{database}} set statement_timeout = 0", f"{SESSION} settings: statement_timeout sets no limit"),
    AMONG_POSTGRES_OWN[0], GIVEN[1], LEFT[0],
)  # fmt: skip


@pytest.fixture(scope="module")
def held(server: Server) -> Iterator[Held]:
    with own_database(server, "klover_test_hidden") as connection:
        connection.execute("create role stranger login; create role app_video login")
        load_application(connection)
        connection.execute("create function public.touch() returns text language sql as 'select 1'")
        resolved = resolve(connection)
        open_doors(connection, compiled(connection, resolved))
        connection.execute(PEOPLE)
        yield connection, resolved


def told(facts: Iterable[Fact]) -> list[str]:
    return [f"{fact.who} {fact.what}: {fact.why}" for fact in facts]


def beside_doors(connection: Connection, resolved: Resolved) -> tuple[Fact, ...]:
    """Ask the parts of the proof that are not about doors' views; the whole costs more."""
    connection.execute("set local search_path = pg_catalog")
    cluster = read_cluster(connection, resolved.policy.applications.values(), (REPLICATION,))
    facts = (
        *prove_cluster(connection, resolved, cluster),
        *prove_ways(connection, cluster),
        *prove_hidden(connection, cluster),
        *prove_settings(connection, cluster, resolved.policy.places),
    )
    return tuple(fact for fact in facts if fact.verdict is Verdict.VIOLATION)


def found_beside_doors(connection: Connection, resolved: Resolved) -> list[str]:
    return told(beside_doors(connection, resolved))


def words(connection: Connection) -> dict[str, str]:
    """Tell what plants name and only the server knows."""
    row = connection.execute(
        "select current_database(), 'public.messages'::regclass::oid::text, setting || '/plpgsql'"
        " from pg_config() where name = 'PKGLIBDIR'"
    ).fetchone()
    assert row is not None
    return dict(zip(("{database}", "{toast}", "{library}"), map(str, row), strict=True))


def here(plants: tuple[Plant, ...]) -> list[object]:
    return [
        pytest.param(planted, found, id=name)
        for name, planted, found, since in plants
        if since <= VERSION
    ]


def written(connection: Connection, planted: str, found: str) -> tuple[str, str]:
    for word, meant in words(connection).items():
        planted, found = planted.replace(word, meant), found.replace(word, meant)
    return planted, found


@pytest.mark.parametrize(("planted", "found"), here((*AMONG_POSTGRES_OWN, *GIVEN, *LEFT)))
def test_what_is_planted_is_found(held: Held, planted: str, found: str) -> None:
    connection, resolved = held
    planted, found = written(connection, planted, found)
    with connection.transaction(force_rollback=True):
        connection.execute(planted.encode())
        facts = beside_doors(connection, resolved)
        done = mend(connection, facts)
        left = {(fact.who, fact.what) for fact in beside_doors(connection, resolved)}
    assert any(found in each for each in told(facts)), told(facts)
    assert not done & left


@pytest.mark.parametrize(("planted", "found"), here(BY_THE_WHOLE))
def test_the_whole_proof_finds_it(held: Held, planted: str, found: str) -> None:
    connection, resolved = held
    planted, found = written(connection, planted, found)
    with connection.transaction(force_rollback=True):
        connection.execute(planted.encode())
        violations = told(door.prove(connection, resolved, TODAY).violations)
    assert any(found in each for each in violations), violations


def test_nothing_is_found_where_nothing_is_planted(held: Held) -> None:
    connection, resolved = held
    assert not told(door.prove(connection, resolved, TODAY).violations)


def test_an_applications_aggregates_are_no_other_names(held: Held) -> None:
    """Postgres writes each down as of the language `internal`, whatever it is made of."""
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        connection.execute(
            "create function public.joined(text, text) returns text language sql"
            " as 'select concat_ws('','', $1, $2)';"
            " create aggregate public.join_all(text) (sfunc = public.joined, stype = text);"
            " create aggregate public.most(int)"
            " (sfunc = int4larger, stype = int, combinefunc = int4larger)"
        )
        assert not found_beside_doors(connection, resolved)


def test_apply_takes_away_what_a_session_left_behind(held: Held) -> None:
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        for session in (SESSION, SESSION.replace("01", "02")):
            name = sql.Identifier(session)
            connection.execute(
                sql.SQL(
                    "alter default privileges for role {} grant select on tables to public"
                ).format(name)
            )
        assert told(door.prove(connection, resolved, TODAY).violations)
        open_doors(connection, compiled(connection, resolved, sessions=1))  # drops the second
        assert not told(door.prove(connection, resolved, TODAY).violations)


def test_an_applications_own_setting_is_listed(held: Held) -> None:
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        connection.execute("alter role app_video set app.tenant = 'x'")
        connection.execute("alter role app_video set pg_trgm.similarity_threshold = 0.5")
        facts = door.prove(connection, resolved, TODAY).facts
    (fact,) = [each for each in facts if each.what == "setting app.tenant"]
    assert fact.verdict is Verdict.ALLOWED
    assert "every session can read it" in fact.why
    assert not [each for each in facts if "pg_trgm" in each.what]
