"""Ways out of the database beside the doors: each kind planted, found, removed, and gone again.

What stands here is committed, and undone by a statement of its own, so that the proof is seen to
hold once more. ``test_door_prove`` plants what concerns the doors' own roles and views.
"""

# ruff: noqa: E501 - a plant is read as one statement

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest
from psycopg import sql

from conftest import VERSION
from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from doubles.enclave import PEOPLE
from doubles.mended import mend
from klover import door
from klover.door import Fact, Verdict, Way
from klover.door.asking import ask
from klover.door.cluster import Cluster, read_cluster
from klover.door.prove.cluster import prove_cluster
from klover.door.prove.entry import prove_entry
from klover.door.prove.settings import prove_settings
from klover.door.prove.ways import prove_ways
from klover.policy.resolved import Resolved
from klover.store import embedded
from klover.store.access import OWNER, REPLICATION
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

Held = tuple[Connection, Resolved]
DATABASE = "klover_test_planted"
ROLES = """
create role stranger login;
create role analysts;
create role ana login in role analysts;
create role bare;
create role app_video login;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    name: str
    sql: str
    undo: str
    found: str
    """Words of the violation: who, what and why."""
    since: int = 15


def plant(name: str, sql: str, undo: str, found: str, since: int = 15) -> Plant:
    return Plant(name=name, sql=sql, undo=undo, found=found, since=since)


def given(name: str, sql: str, found: str, since: int = 15) -> Plant:
    """Plant a grant; its revoke is written the same way."""
    undo = ";".join(
        each.replace("grant", "revoke", 1).replace(" to ", " from ") for each in sql.split(";")
    )
    return plant(name, sql, undo, found, since)


def power(word: str, found: str) -> Plant:
    return plant(word, f"alter role stranger {word}", f"alter role stranger no{word}", found)


PLANTS = (
    # Tables
    given("a stranger reads a table", "grant select on public.accounts to stranger", "stranger accounts: reads it"),
    given("a stranger reads a column", "grant select (email) on public.accounts to stranger", "stranger accounts: reads it"),
    given("a stranger writes a table", "grant insert on public.messages to stranger", "stranger messages: writes it"),
    given("a stranger's trigger on a table", "grant trigger on public.messages to stranger", "stranger messages: writes it"),
    given("a group reads a table", "grant select on public.messages to analysts", "ana messages: reads it"),
    plant("a group that is not inherited", "grant select on public.messages to bare; alter role stranger noinherit; grant bare to stranger",
          "revoke select on public.messages from bare; revoke bare from stranger; alter role stranger inherit", "stranger messages: reads it as the role bare"),
    plant("a stranger owns a table", "alter table public.payments owner to stranger", "alter table public.payments owner to klover", "stranger payments: owns it"),
    plant("a view beside the doors", "create view public.mail as select email from public.accounts; grant select on public.mail to stranger", "drop view public.mail", "stranger mail: reads it"),
    plant("a copy beside the doors", "create materialized view public.mails as select email from public.accounts; grant select on public.mails to stranger", "drop materialized view public.mails", "stranger mails: reads it"),
    given("pseudonyms for an application", "grant select on klover_pseudonym.{keys} to app_video", "more than an application may"),
    given("a stranger writes Klover's notes", "grant update on klover.door_view to stranger", "stranger klover.door_view: writes it"),
    # The database
    plant("a stranger owns the database", "alter database {database} owner to stranger", "alter database {database} owner to klover", "stranger this database: owns it"),
    plant("a template", "alter database {database} is_template true", "alter database {database} is_template false", "is a template"),
    given("a stranger makes views in a door", "grant create on schema door_support_europe to stranger", "stranger schema door_support_europe: may create"),
    given("a stranger makes functions of Postgres'", "grant create on schema pg_catalog to stranger", "stranger schema pg_catalog: may create"),
    plant("tables to come", "alter default privileges in schema public grant select on tables to stranger", "alter default privileges in schema public revoke select on tables from stranger", "SELECT on new tables"),
    # Powers
    plant("a second superuser", "alter role stranger superuser", "alter role stranger nosuperuser", "stranger power superuser: reads and changes everything"),
    plant("an application that is a superuser", "alter role app_video superuser", "alter role app_video nosuperuser", "app_video power superuser"),
    given("a member of a superuser", "grant klover to stranger", "stranger power superuser"),
    power("createrole", "stranger power CREATEROLE"),
    power("createdb", "stranger power CREATEDB"),
    power("replication", "stranger power REPLICATION: can take a copy of the whole cluster"),
    power("bypassrls", "stranger power BYPASSRLS"),
    given("pg_read_all_data", "grant pg_read_all_data to stranger", "stranger role pg_read_all_data"),
    given("pg_read_all_data by a group", "grant pg_read_all_data to analysts", "ana role pg_read_all_data"),
    given("pg_write_all_data", "grant pg_write_all_data to stranger", "stranger role pg_write_all_data"),
    given("pg_read_server_files", "grant pg_read_server_files to stranger", "reads files of the host"),
    given("pg_write_server_files", "grant pg_write_server_files to stranger", "writes files of the host"),
    given("COPY PROGRAM", "grant pg_execute_server_program to stranger", "runs programs on the host"),
    given("COPY PROGRAM for an application", "grant pg_execute_server_program to app_video", "app_video role pg_execute_server_program"),
    given("pg_monitor", "grant pg_monitor to stranger", "reads the statements of other sessions"),
    given("pg_signal_backend", "grant pg_signal_backend to stranger", "ends other sessions"),
    given("pg_checkpoint", "grant pg_checkpoint to stranger", "starts checkpoints"),
    given("pg_create_subscription", "grant pg_create_subscription to stranger", "has the server connect to others", 16),
    given("pg_maintain", "grant pg_maintain to stranger", "maintains every table", 17),
    given("a superuser's setting", "grant set on parameter session_preload_libraries to stranger", "stranger parameter session_preload_libraries (set)"),
    given("a superuser's setting for everybody", "grant alter system on parameter archive_command to public", "public parameter archive_command"),
    given("a function that reads files", "grant execute on function pg_read_file(text) to app_video", "app_video function pg_read_file(text)"),
    given("a function that writes files", "grant execute on function lo_export(oid, text) to public", "public function lo_export"),
    given("passwords", "grant select on pg_authid to app_video", "app_video pg_catalog.pg_authid"),
    given("statistics", "grant select on pg_statistic to stranger", "stranger pg_catalog.pg_statistic"),
    # Code
    plant("an owner's rights on anybody's path", "create function public.d() returns int security definer language sql as 'select 1'", "drop function public.d()", "on its caller's search path"),
    plant("an owner's rights for everybody", "create function public.d() returns int security definer set search_path = pg_catalog language sql as 'select 1'; grant execute on function public.d() to public", "drop function public.d()", "it runs with klover's rights"),
    plant("an owner's rights for a stranger", "create function public.d() returns int security definer set search_path = pg_catalog language sql as 'select 1'; grant execute on function public.d() to stranger", "drop function public.d()", "stranger function public.d(): may call it"),
    plant("a trigger with a superuser's rights", "create function public.d() returns trigger security definer set search_path = pg_catalog language plpgsql as 'begin return new;end'", "drop function public.d()", "runs with a superuser's rights"),
    plant("a sort with an owner's rights", "create function public.c(json, json) returns int security definer set search_path = pg_catalog language sql as 'select 0'; create function public.e(json, json) returns bool language sql as 'select true'; create operator public.< (function = public.e, leftarg = json, rightarg = json); create operator class public.o default for type json using btree as operator 1 public.<, function 1 public.c(json, json)",
          "drop operator class public.o using btree; drop operator public.< (json, json); drop function public.e(json, json); drop function public.c(json, json)", "function public.c(json,json): runs with its owner's rights for whoever has it run by an operator class"),
    plant("an aggregate over an owner's rights", "create function public.s(text, int) returns text security definer set search_path = pg_catalog language sql as 'select 1'; create aggregate public.a(int) (sfunc = public.s, stype = text)", "drop aggregate public.a(int); drop function public.s(text, int)", "by the aggregate public.a(integer)"),
    plant("a function among Postgres' own", "create function pg_catalog.leaks() returns int immutable language sql as 'select 1'", "drop function pg_catalog.leaks()", "function leaks(): stands among Postgres' own"),
    plant("a function of Klover's for an application", "create function klover_pseudonym.oracle() returns int security definer set search_path = pg_catalog language sql as 'select 1'", "drop function klover_pseudonym.oracle()", "may call a function of Klover's own"),
    plant("a language of no confines", "create language evil handler plpgsql_call_handler", "drop language evil", "language evil: its code runs as the server's account"),
    plant("a library's function", "create function public.native() returns language_handler as '$libdir/plpgsql', 'plpgsql_call_handler' language c", "drop function public.native()", "runs a library's code"),
    plant("dblink", "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) values (99999, 'dblink', 10, 11, false, '1')", "delete from pg_extension where oid = 99999", "extension dblink: reaches other servers"),
    plant("an untrusted language's extension", "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) values (99999, 'plpython3u', 10, 11, false, '1')", "delete from pg_extension where oid = 99999", "runs code as the server's account"),
    plant("an event trigger", "create function public.e() returns event_trigger language plpgsql as 'begin end'; create event trigger e on ddl_command_end execute function public.e()", "drop event trigger e; drop function public.e()", "event trigger e: runs"),
    # Links
    plant("a foreign-data wrapper", "create foreign data wrapper w", "drop foreign data wrapper w", "foreign-data wrapper w"),
    plant("a foreign server", "create foreign data wrapper w; create server s foreign data wrapper w", "drop foreign data wrapper w cascade", "foreign server s: rows can be sent there by w"),
    plant("credentials for a foreign server", "create foreign data wrapper w; create server s foreign data wrapper w; create user mapping for app_video server s", "drop foreign data wrapper w cascade", "credentials are kept for app_video"),
    plant("a publication", "create publication p for table public.accounts", "drop publication p", "publication p: publishes 1 tables"),
    plant("a publication of everything", "create publication p for all tables", "drop publication p", "publishes all tables"),
    plant("a subscription", "create subscription s connection 'host=elsewhere.invalid' publication p with (connect = false, slot_name = none)", "drop subscription s", "subscription s: the server connects to another"),
    plant("decoded changes", "select pg_create_logical_replication_slot('tap', 'pgoutput')", "select pg_drop_replication_slot('tap')", "replication slot tap: changes of"),
    # Host
    plant("a library for everybody", "alter database {database} set session_preload_libraries = 'spy'", "alter database {database} reset session_preload_libraries", "setting session_preload_libraries"),
    plant("a library for a role", "alter role app_video set local_preload_libraries = 'spy'", "alter role app_video reset all", "app_video setting local_preload_libraries"),
    plant("statements into the log", "alter role all set log_statement = 'all'", "alter role all reset log_statement", "everybody setting log_statement"),
    plant("another role at log-in", "alter database {database} set role = 'app_video'", "alter database {database} reset role", "setting role"),
    plant("no triggers at log-in", "alter role app_video set session_replication_role = replica", "alter role app_video reset all", "setting session_replication_role"),
    plant("a library for whoever logs in", "set session_preload_libraries = 'spy'", "reset session_preload_libraries", "session_preload_libraries spy: its code runs in the server"),
    plant("catalogs changed by hand", "set allow_system_table_mods = on", "reset allow_system_table_mods", "lets catalogs be changed by hand"),
    plant("large objects for everybody", "set lo_compat_privileges = on", "reset lo_compat_privileges", "opens every large object"),
    plant("a large object for a stranger", "select lo_create(4243); grant select on large object 4243 to stranger", "select lo_unlink(4243)", "stranger 1 large objects"),
)  # fmt: skip


IN_WORDS = frozenset({
    "a library for whoever logs in", "catalogs changed by hand", "large objects for everybody",
    "a large object for a stranger",
})  # fmt: skip
"""What is mended in a file, or by deciding something first."""


@pytest.fixture(scope="module")
def held(server: Server) -> Iterator[Held]:
    with own_database(server, DATABASE) as connection:
        connection.execute(ROLES)
        load_application(connection)
        resolved = resolve(connection)
        open_doors(connection, compiled(connection, resolved))
        connection.execute(PEOPLE)
        yield connection, resolved


def told(facts: tuple[Fact, ...]) -> list[str]:
    return [f"{fact.who} {fact.what}: {fact.why}" for fact in facts]


def violations(connection: Connection, resolved: Resolved) -> tuple[Fact, ...]:
    """Ask the part of the proof that is not about doors; the whole is asked below."""
    cluster = _cluster(connection, resolved, replicas=(REPLICATION,))
    facts = (
        *prove_cluster(connection, resolved, cluster),
        *prove_ways(connection, cluster),
        *prove_settings(connection, cluster, resolved.policy.places),
    )
    return tuple(fact for fact in facts if fact.verdict is Verdict.VIOLATION)


def ways_out(connection: Connection, resolved: Resolved) -> list[str]:
    return told(violations(connection, resolved))


def run(connection: Connection, statements: str) -> None:
    row = connection.execute(
        "select relname from pg_class where relnamespace = to_regnamespace('klover_pseudonym')"
        " and relkind = 'r' order by 1 limit 1"
    ).fetchone()
    statements = statements.replace("{database}", DATABASE)
    for each in statements.replace("{keys}", row[0] if row else "").split("; "):
        connection.execute(each.encode())


@pytest.mark.parametrize(
    "planted", [p for p in PLANTS if p.since <= VERSION], ids=lambda planted: planted.name
)
def test_what_is_planted_is_found_and_gone_when_removed(held: Held, planted: Plant) -> None:
    connection, resolved = held
    run(connection, planted.sql)
    try:
        found = ways_out(connection, resolved)
    finally:
        run(connection, planted.undo)
    assert any(planted.found in each for each in found), found
    assert not ways_out(connection, resolved)


@pytest.mark.parametrize(
    "planted", [p for p in PLANTS if p.since <= VERSION], ids=lambda planted: planted.name
)
def test_the_statement_that_mends_it_takes_it_away(held: Held, planted: Plant) -> None:
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        run(connection, planted.sql)
        found = violations(connection, resolved)
        done = mend(connection, found)
        left = {(fact.who, fact.what) for fact in violations(connection, resolved)}
    assert not done & left, [str(each.mend) for each in found]
    assert bool(done) is (planted.name not in IN_WORDS)


def test_the_whole_proof_has_these_ways_and_holds_without_plants(held: Held) -> None:
    connection, resolved = held
    assert not told(door.prove(connection, resolved, TODAY).violations)
    for planted in (PLANTS[0], PLANTS[16], PLANTS[-12], PLANTS[-1]):
        run(connection, planted.sql)
        found = told(door.prove(connection, resolved, TODAY).violations)
        run(connection, planted.undo)
        assert any(planted.found in each for each in found), found
    assert not told(door.prove(connection, resolved, TODAY).violations)


def test_at_least_25_kinds_are_planted() -> None:
    assert len({planted.found for planted in PLANTS}) >= 25


def test_each_way_out_is_listed(held: Held) -> None:
    """Nothing is passed over in silence: every way has its facts, and where there is nothing, too."""
    connection, resolved = held
    facts = door.prove(connection, resolved, TODAY).facts
    assert {fact.way for fact in facts} == set(Way)
    what = {fact.what for fact in facts if fact.verdict is Verdict.ABSENT}
    assert {
        "publications", "subscriptions", "foreign servers", "foreign-data wrappers",
        "event triggers", "large objects", "tablespaces", "replication slots",
        "readers of changes", "languages not confined to the database", "functions of libraries",
        "archive of the write-ahead log", "shared_preload_libraries", "restore_command",
        "role pg_execute_server_program", "power BYPASSRLS", "passwords",
    } <= what  # fmt: skip


def test_an_application_is_allowed_what_it_was_given_and_is_named(held: Held) -> None:
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        connection.execute("grant select, insert on public.accounts, public.videos to app_video")
        facts = door.prove(connection, resolved, TODAY).facts
    (fact,) = [each for each in facts if each.who == "app_video" and "videos" in each.what]
    assert fact.verdict is Verdict.ALLOWED
    assert "the application video-api of the policy (line 337)" in fact.why
    (idle,) = [each for each in facts if each.who == "stranger"]
    assert (idle.verdict, idle.why) == (Verdict.ABSENT, "logs in, and reaches none")


def test_an_extension_that_nobody_judged_is_unknown(held: Held) -> None:
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        connection.execute(
            "insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable,"
            " extversion) values (99999, 'brand_new', 10, 11, false, '1')"
        )
        facts = door.prove(connection, resolved, TODAY).facts
    (fact,) = [each for each in facts if each.what == "extension brand_new"]
    assert fact.verdict is Verdict.UNKNOWN


def test_a_reader_of_changes_is_seen(held: Held) -> None:
    connection, resolved = held
    with psycopg.connect(f"{connection.info.dsn} replication=database", autocommit=True) as reader:
        pid = reader.info.backend_pid
        found = told(door.prove(connection, resolved, TODAY).violations)
    assert any("klover changes" in each and "reads them now" in each for each in found), found
    there = "select exists (select from pg_stat_replication where pid = %s)"
    deadline = time.monotonic() + 60  # it is seen until its server process has gone
    while connection.execute(there, (pid,)).fetchone() == (True,):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_role_may_not_see_is_unknown_and_never_absent(held: Held) -> None:
    """As on a managed Postgres: a role that is no superuser asks."""
    connection, resolved = held
    with connection.transaction(force_rollback=True):
        connection.execute("create role manager login")
        connection.execute("set local role manager")
        cluster = _cluster(connection, resolved)
        facts = (
            *prove_cluster(connection, resolved, cluster),
            *prove_ways(connection, cluster),
            *prove_settings(connection, cluster, resolved.policy.places),
            *prove_entry(connection, (), (), on_standby=True),
        )
        assert ask(connection, "entry.sql", "rules") is None
    verdicts = {fact.what: fact.verdict for fact in facts}
    for what in (
        "pg_hba.conf",
        "shared_preload_libraries",
        "replication slots",
        "readers of changes",
    ):
        assert verdicts[what] is Verdict.UNKNOWN, what
    assert "entry on the primary" not in verdicts


def _cluster(connection: Connection, resolved: Resolved, replicas: tuple[str, ...] = ()) -> Cluster:
    return read_cluster(connection, resolved.policy.applications.values(), replicas)


@pytest.fixture(scope="module")
def loud(binaries: Binaries) -> Iterator[tuple[Connection, Cluster, Resolved]]:
    """Run a server that archives its log, talks to the host's, and runs programs."""
    settings = {
        "archive_mode": "on",
        "archive_command": "'true'",
        "log_destination": "'stderr,syslog'",
        "log_statement": "mod",
        "archive_cleanup_command": "'true'",
    }
    with (
        embedded.scratch(name="quiet", binaries=binaries, settings=settings) as running,
        connect(running.dsn(), what="the loud server") as connection,
    ):
        connection.execute("create schema if not exists public")
        load_application(connection)
        resolved = resolve(connection)
        yield connection, _cluster(connection, resolved), resolved


def test_an_archive_needs_a_place_of_the_policy(
    loud: tuple[Connection, Cluster, Resolved],
) -> None:
    connection, cluster, resolved = loud
    places = resolved.policy.places
    facts = {fact.what: fact for fact in prove_settings(connection, cluster, places)}
    archive = facts["archive of the write-ahead log (archive_command)"]
    assert archive.verdict is Verdict.VIOLATION
    backup = replace(places["media-bucket"], name="nightly", kind="backup", line=7)
    named = {fact.what: fact for fact in prove_settings(connection, cluster, {"nightly": backup})}
    archive = named["archive of the write-ahead log (archive_command)"]
    assert archive.verdict is Verdict.ALLOWED
    assert archive.why == "the place nightly of the policy (line 7)"
    unsure = {"nightly": replace(backup, state="unknown")}
    again = {fact.what: fact for fact in prove_settings(connection, cluster, unsure)}
    assert again["archive of the write-ahead log (archive_command)"].verdict is Verdict.VIOLATION


def test_statements_handed_to_the_host_are_a_violation(
    loud: tuple[Connection, Cluster, Resolved],
) -> None:
    connection, cluster, resolved = loud
    facts = {fact.what: fact for fact in prove_settings(connection, cluster, {})}
    log = facts["statements in the server's log (log_statement)"]
    assert log.verdict is Verdict.VIOLATION
    assert facts["archive_cleanup_command"].verdict is Verdict.ALLOWED
    assert resolved.tables


def test_a_tablespace_is_listed_with_its_folder(held: Held) -> None:
    connection, resolved = held
    connection.execute("set allow_in_place_tablespaces = on")
    connection.execute("create tablespace aside location ''")
    try:
        facts = door.prove(connection, resolved, TODAY).facts
    finally:
        connection.execute("drop tablespace aside")
        connection.execute("reset allow_in_place_tablespaces")
    (fact,) = [each for each in facts if each.what == "tablespace aside"]
    assert fact.verdict is Verdict.ALLOWED
    assert "pg_tblspc" in fact.why
    assert sql.Identifier(fact.who).as_string(None) == f'"{OWNER}"'
