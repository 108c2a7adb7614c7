"""Statements of Postgres' manual that nobody thinks of: each chapter's, tried from a session.

What the other lists try by its effect is tried here by its statement, and the newest versions'
functions and privileges are in. What only warns has to have changed nothing.
"""

# ruff: noqa: E501 - an attack is read as one statement

import struct
import time

import pytest

from doubles.attack import DENIED, LIFT, SLUG, Trials, attack
from doubles.enclave import Enclave, everything_told
from doubles.raw_client import RawClient
from klover.store.embedded import PORT, Server
from klover.wire.backend import Backend, ErrorResponse, ReadyForQuery
from klover.wire.frontend import FunctionCall
from klover.wire.startup import VERSION_3_0, StartupMessage

NO_CAST = "42846"
BAD_VALUE = "22023"
NOT_READY = "55000"
OTHER_TYPE = "42809"
TAKEN = "53300"
SESSION = f"klover_s_{SLUG}_01"
NEIGHBOUR = f"klover_s_{SLUG}_02"

ATTACKS = (
    # Transactions and locks
    attack("use up the numbers of transactions", "select pg_current_xact_id()", refused=DENIED),
    attack("use them up by their old name", "select txid_current()", refused=DENIED),
    attack("use them up by savepoints", "begin", "savepoint a", "select txid_current()", refused=DENIED),
    attack("a transaction that outlives the session", "begin", "prepare transaction 'left'", refused=f"{NOT_READY} 0A000", control=None),
    attack("lock a view as if it were changed", "begin", "lock table accounts in access exclusive mode", refused=DENIED),
    attack("lock a view as a writer does", "begin", "lock table accounts in row exclusive mode", refused=DENIED),
    attack("lock a view against writers", "begin", "lock table accounts in share mode", refused=DENIED),
    attack("lock a catalog", "begin", "lock table pg_catalog.pg_class in share row exclusive mode", refused=DENIED),
    attack("lock the passwords", "begin", "lock table pg_catalog.pg_authid in access share mode", refused=DENIED),
    attack("lock rows of a catalog", "select oid from pg_class for share", refused=DENIED),
    attack("lock the databases", "select oid from pg_database for key share", refused=DENIED),
    attack("when a row was committed", "select pg_xact_commit_timestamp('700'::xid)", refused=DENIED, control=None),
    attack("who last committed", "select pg_last_committed_xact()", refused=DENIED, control=None),
    attack("who shares a lock on a row", "select pg_get_multixact_members('1'::xid)", refused=DENIED, control=None),
    attack("whether a session waits", "select pg_isolation_test_session_is_blocked(1, '{1}')", refused=DENIED),
    attack("a snapshot by a file's name", "begin isolation level repeatable read", "set transaction snapshot '../global/pg_control'", refused=BAD_VALUE, control=None),
    # Changes, decoded and followed
    attack("read changes for good", "select pg_logical_slot_get_binary_changes('s', null, null)", refused=DENIED, control=None),
    attack("move another's slot", "select pg_replication_slot_advance('s', '0/1')", refused=DENIED, control=None),
    attack("drop another's slot", "select pg_drop_replication_slot('s')", refused=DENIED, control=None),
    attack("copy another's slot", "select pg_copy_physical_replication_slot('s', 't')", refused=DENIED, control=None),
    attack("an origin of one's own", "select pg_replication_origin_create('o')", refused=DENIED),
    attack("replay under an origin", "select pg_replication_origin_session_setup('o')", refused=DENIED, control=None),
    attack("where an origin stands", "select pg_replication_origin_progress('o', false)", refused=DENIED, control=None),
    attack("slots brought to a standby", "select pg_sync_replication_slots()", refused=DENIED, control=None, since=17),
    attack("summaries of the log", "select pg_available_wal_summaries()", refused=DENIED, since=17),
    attack("files of logical slots", "select pg_ls_logicalsnapdir()", refused=DENIED),
    attack("the log's folder", "select pg_ls_waldir()", refused=DENIED),
    attack("the cluster's identity", "select * from pg_control_system()", refused=DENIED),
    attack("where the last checkpoint is", "select * from pg_control_checkpoint()", refused=DENIED),
    # Statistics and estimates
    attack("estimates of one's own", "select pg_restore_relation_stats('schemaname', 'public', 'relname', 'accounts', 'reltuples', 5::real)", refused=DENIED, since=18),
    attack("values of one's own in estimates", "select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'accounts', 'attname', 'email', 'inherited', false, 'null_frac', 0.5::real)", refused=DENIED, since=18),
    attack("no estimates", "select pg_clear_relation_stats('public', 'accounts')", refused=DENIED, since=18),
    attack("common values by their function", "select (pg_mcv_list_items(stxdmcv)).* from pg_statistic_ext_data", refused=DENIED, control=None),
    attack("summaries of an index", "select brin_summarize_new_values('public.accounts_pkey'::regclass)", refused=DENIED, control=None),
    attack("clean another's index", "select gin_clean_pending_list('public.accounts_pkey'::regclass)", refused=DENIED, control=None),
    attack("which sequences were used", "select schemaname, last_value from pg_sequences where last_value is not null", tells="[]", control="select schemaname, last_value from pg_sequences where last_value is not null", reveals="public"),
    attack("a sequence by its data", "select * from pg_get_sequence_data((select oid from pg_class where relkind = 'S' limit 1))", refused=DENIED, since=18),
    attack("a row's place in a table", "select currtid2('public.accounts', '(0,1)')", refused=DENIED),
    # Names and types
    attack("a hidden column as a field of the row", "select (a).email from accounts a", refused="42703", control="select (a).email from public.accounts a", reveals="kari-mail"),
    attack("a stored pseudonym as a field of the row", "select (a).{hidden} from accounts a", refused="42703", control=None),
    attack("a function of the row", "select email(a) from accounts a", refused="42883", control="select email(a) from public.accounts a", reveals="kari-mail"),
    attack("the row as one of the table", "select a::public.accounts from accounts a", refused=NO_CAST, control=None),
    attack("when a row came, by the row", "select (a).xmin from accounts a", refused="42703", control="select (a).xmin from public.accounts a"),
    attack("the table behind the row", "select a.tableoid::regclass from accounts a", refused="42703", control="select a.tableoid::regclass from public.accounts a", reveals="accounts"),
    attack("a record of the table from JSON", "select (jsonb_populate_record(null::public.accounts, '{\"handle\": \"x\"}')).email", tells="None", control=None),
    attack("sizes of values", "select pg_column_size(a), pg_column_compression(a.status::text) from accounts a limit 1", tells="None", control=None),
    # What is made, and what is altered
    attack("a function that passes a barrier", "alter function pg_catalog.int4div(int, int) leakproof", refused=DENIED),
    attack("another's function with its rights", "alter function public.touch_updated_at() security definer", refused=DENIED),
    attack("a value of an enumeration", "alter type public.visibility add value 'all'", refused=DENIED, control=None),
    attack("a domain without its check", "alter domain public.email_address drop constraint email_address_check", refused=DENIED),
    attack("a sequence from its start", "alter sequence public.accounts_id_seq restart", refused=DENIED),
    attack("a table without its triggers", "alter table public.accounts disable trigger all", refused=DENIED),
    attack("a table with another owner", "alter table public.accounts owner to current_user", refused=DENIED, control=None),
    attack("a column of a view under another name", "alter view accounts rename column status to email", refused=DENIED, control=None),
    attack("a default of a view", "alter view accounts alter column status set default 'active'", refused=DENIED, control=None),
    attack("a function in an extension", "alter extension plpgsql add function public.touch_updated_at()", refused=DENIED),
    attack("an extension anew", "alter extension plpgsql update", refused=DENIED),
    attack("an extension elsewhere", "alter extension plpgsql set schema public", refused=DENIED, control=None),
    attack("a language of one's own", "alter language plpgsql owner to current_user", refused=DENIED, control=None),
    attack("statistics of a view's table", "create statistics public.s on status, country from public.accounts", refused=DENIED),
    attack("a transform", "create transform for int language sql (from sql with function pg_catalog.int4in(cstring))", refused=DENIED, control=None),
    attack("an access method", "create access method m type table handler heap_tableam_handler", refused=DENIED),
    attack("a family of operators", "create operator family f using btree", refused=DENIED),
    attack("a parser of text", "create text search parser p (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)", refused=DENIED),
    attack("a template of text", "create text search template t (lexize = dsimple_lexize)", refused=DENIED),
    attack("a configuration of text", "create text search configuration c (copy = pg_catalog.english)", refused=DENIED),
    attack("a foreign table", "create foreign table f (a int) server s", refused=f"{DENIED} 42704", control=None),
    attack("credentials elsewhere", "create user mapping for current_user server s", refused="42704", control=None),
    attack("a label", f"security label on role {SESSION} is 'x'", refused=f"{BAD_VALUE} {DENIED}", control=None),
    attack("a word about a role", f"comment on role {NEIGHBOUR} is 'x'", refused=DENIED),
    attack("a word about the database", "comment on database klover_test_attacks is 'x'", refused=DENIED),
    attack("a partition", "create table public.part partition of public.accounts for values in (1)", refused=f"{DENIED} {OTHER_TYPE} 42P17", control=None),
    attack("a row's type as a table", "create table public.typed of public.visibility", refused=f"{DENIED} {OTHER_TYPE}", control=None),
    attack("indexes anew", "reindex database klover_test_attacks", refused=DENIED, control=None),
    attack("indexes of the catalogs anew", "reindex system klover_test_attacks", refused=DENIED, control=None),
    attack("indexes of a schema anew", "reindex schema public", refused=DENIED, control=None),
    # Roles
    attack("oneself for a neighbour", f"grant {SESSION} to {NEIGHBOUR}", refused=DENIED),
    attack("oneself for the watch", f"grant {SESSION} to klover_watch", refused=DENIED),
    attack("out of one's door", f"revoke klover_door_{SLUG} from {SESSION}", refused=DENIED),
    attack("a neighbour into a group", f"alter group klover_application add user {NEIGHBOUR}", refused=DENIED),
    attack("one's own end", f"drop role {SESSION}", refused=DENIED, control=None),
    attack("one's own time", "alter role current_user valid until 'infinity'", refused=DENIED),
    attack("no rights inherited", "alter role current_user noinherit", refused=DENIED),
    attack("statements logged for good", "alter role current_user set log_statement = 'all'", refused=DENIED),
    attack("no limit of the disk for good", "alter role current_user set temp_file_limit = -1", refused=DENIED),
    attack("a library for good", "alter role current_user set session_preload_libraries = 'x'", refused=DENIED, control=None),
    # Settings of a superuser's
    attack("stacks of errors", "set backtrace_functions = 'int4in'", refused=DENIED),
    attack("what is compiled, on disk", "set jit_dump_bitcode = on", refused=DENIED),
    attack("sums of pages unread", "set ignore_checksum_failure = on", refused=DENIED),
    attack("extensions from elsewhere", "set extension_control_path = '/tmp'", refused=DENIED, since=18),
    attack("no event triggers", "set event_triggers = off", refused=DENIED, since=17),
    attack("tablespaces in place", "set allow_in_place_tablespaces = on", refused=DENIED),
    attack("catalogs by hand", "set allow_system_table_mods = on", refused=DENIED),
    attack("unseen in the list of sessions", "set track_activities = off", refused=DENIED),
    attack("times of everything", "set log_executor_stats = on", refused=DENIED),
    attack("durations in the log", "set log_duration = on", refused=DENIED),
    attack("waits in the log", "set log_lock_waits = on", refused=DENIED),
    attack("files in the log", "set log_temp_files = 0", refused=DENIED),
    attack("a file by a time zone", "set timezone = '../../../../etc/passwd'", refused=BAD_VALUE, control=None),
    attack("a file by its abbreviations", "set timezone_abbreviations = '../../etc/passwd'", refused=BAD_VALUE, control=None),
    attack("a library by its plugins' folder", "load '$libdir/plugins/../plpgsql'", refused=DENIED, control=None),
    # The server's memory and code
    attack("libraries that are loaded", "select pg_get_loaded_modules()", refused=DENIED, since=18),
    attack("reads that go on", "select * from pg_aios", refused=DENIED, since=18),
    attack("how full the queue of notices is", "select pg_notification_queue_usage()", refused=DENIED),
    attack("numbers of objects to come", "select pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')", refused=DENIED),
    attack("numbers as an upgrade does", "select binary_upgrade_set_next_pg_type_oid(1::oid)", refused=DENIED, control=None),
    attack("collations of the host", "select pg_import_system_collations('pg_catalog')", refused=DENIED, control=None),
    attack("memory of all, forced out", "select pg_stat_force_next_flush()", refused=DENIED),
)  # fmt: skip


class TestAttack(Trials):
    attacks = ATTACKS


GRANTS = """
select coalesce((select string_agg(c.relname || c.relacl::text, ' ' order by c.oid)
                   from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where n.nspname like 'door\\_%'), '')
       || coalesce((select string_agg(nspname || nspacl::text, ' ' order by nspname)
                      from pg_namespace), '')
       || (select string_agg(datname || datacl::text, ' ' order by datname) from pg_database)
       || (select string_agg(roleid::text || member || admin_option, ' ' order by roleid, member)
             from pg_auth_members)
"""
ONLY_WARNS = (
    f"drop owned by klover_door_{SLUG}",
    "drop owned by current_user",
    f"reassign owned by current_user to klover_door_{SLUG}",
    f"revoke all on accounts from klover_door_{SLUG} cascade",
    f"revoke usage on schema door_{SLUG} from klover_door_{SLUG}",
    "grant select on accounts to public",
    f"grant usage on schema door_{SLUG} to public",
    "revoke connect on database klover_test_attacks from klover_session",
    "analyze public.accounts",
    "vacuum public.accounts",
)


def test_what_only_warns_has_changed_nothing(closed: Enclave) -> None:
    """Postgres tells in a warning that nothing could be given or taken, and goes on."""
    with closed.owner() as owner, closed.primary_session(SLUG) as session:
        before = owner.execute(GRANTS.encode()).fetchone()
        session.execute(LIFT)
        for statement in ONLY_WARNS:
            told, _ = everything_told(session, (statement,))
            assert "kari" not in told
        assert owner.execute(GRANTS.encode()).fetchone() == before
        assert session.execute("select count(*) from accounts").fetchone() == (3,)


ACTING = ("lo_creat", "pg_cancel_backend", "pg_notification_queue_usage", "pg_current_xact_id")


@pytest.mark.parametrize("where", ["standby", "primary"])
@pytest.mark.parametrize("name", ACTING)
def test_a_function_called_without_a_statement_is_refused(
    closed: Enclave, where: str, name: str
) -> None:
    """The protocol's own call of a function passes by SQL; its privileges hold there, too."""
    server = closed.standby if where == "standby" else closed.primary
    with closed.owner() as owner:
        (oid, arguments) = owner.execute(
            "select oid::int, pronargs::int from pg_proc where proname = %s", (name,)
        ).fetchone() or (0, 0)
    body = struct.pack("!IHH", oid, 0, arguments)
    body += struct.pack("!I1s", 1, b"1") * arguments  # each as the text of a number
    with connected(server, closed.database) as client:
        client.send(FunctionCall(body=body + struct.pack("!H", 0)))
        told = until_ready(client)
    codes = [each.fields[b"C"] for each in told if isinstance(each, ErrorResponse)]
    assert codes == [DENIED.encode()]


def connected(server: Server, database: str) -> RawClient:
    """Connect as a session; its role is free only when its last session's process has gone."""
    start = StartupMessage(version=VERSION_3_0, parameters={"user": SESSION, "database": database})
    deadline = time.monotonic() + 60
    while True:
        client = RawClient(("", 0), unix=str(server.sockets / f".s.PGSQL.{PORT}"))
        client.send(start)
        told = client.until_ready()
        codes = [each.fields[b"C"] for each in told if isinstance(each, ErrorResponse)]
        if not codes:
            return client
        client.socket.close()
        assert codes == [TAKEN.encode()], codes
        assert time.monotonic() < deadline, "the role is never free"
        time.sleep(0.02)


def until_ready(client: RawClient) -> list[Backend]:
    found: list[Backend] = []
    while (message := client.read()) is not None and not isinstance(message, ReadyForQuery):
        found.append(message)
    assert message is not None
    return found
