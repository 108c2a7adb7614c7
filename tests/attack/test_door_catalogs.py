"""Reading what Postgres keeps beside the tables: catalogs, statistics, definitions, functions that look around."""

# ruff: noqa: E501 - an attack is read as one statement

import re

import pytest

from conftest import VERSION
from doubles.attack import (
    DENIED,
    NO_COLUMN,
    NO_FEATURE,
    NO_FUNCTION,
    NO_TABLE,
    SLUG,
    Trials,
    attack,
)
from doubles.enclave import Enclave, everything_told

XML_IS_OFF = VERSION != 15
"""The wheel is built without libxml."""

ATTACKS = (
    # Statistics and values kept in catalogs
    attack("statistics", "select histogram_bounds::text from pg_stats where tablename = 'videos'", refused=DENIED, reveals="-title"),
    attack("raw statistics", "select stavalues1 from pg_statistic where starelid = 'public.videos'::regclass", refused=DENIED, reveals="-title"),
    attack("extended statistics", "select * from pg_statistic_ext_data", refused=DENIED),
    attack("statistics on expressions", "select * from pg_stats_ext_exprs", refused=DENIED),
    attack("statistics of several columns", "select * from pg_stats_ext", refused=DENIED),
    attack("row counts by table", "select n_live_tup from pg_stat_user_tables", refused=DENIED),
    attack("row counts by function", "select pg_stat_get_live_tuples('public.messages'::regclass)", refused=DENIED),
    attack("rows changed by table", "select pg_stat_get_tuples_inserted('public.messages'::regclass)", refused=DENIED),
    attack("reads by table", "select * from pg_statio_user_tables", refused=DENIED),
    attack("use of functions", "select * from pg_stat_user_functions", refused=DENIED),
    attack("use of indexes", "select * from pg_stat_user_indexes", refused=DENIED),
    attack("changes of this transaction", "select * from pg_stat_xact_user_tables", refused=DENIED),
    attack("totals of the database", "select * from pg_stat_database", refused=DENIED),
    attack("statements kept by an extension", "select query from pg_stat_statements", refused=NO_TABLE, control=None),
    attack("whether there are statistics", "select pg_stat_have_stats('relation', 1, 1)", refused=DENIED, control=None),
    attack("write statistics", "select pg_restore_relation_stats('schemaname', 'public', 'relname', 'accounts', 'relpages', 1)", refused=f"{DENIED} {NO_FUNCTION}", control=None),
    attack("reset statistics", "select pg_stat_reset()", refused=DENIED),
    # Definitions
    attack("view definitions", "select definition from pg_views where schemaname like 'door%'", tells="visibility", reveals="visibility"),
    attack("rules", "select pg_get_ruledef(oid) from pg_rewrite where ev_class = 'accounts'::regclass", tells="_RETURN", control=None),
    attack("definitions of views one may not read", "select pg_get_viewdef('door_trust_and_safety.accounts')", refused=DENIED, control="select pg_get_viewdef('door_trust_and_safety.accounts'::regclass)"),
    attack("defaults and checks", "select pg_get_expr(adbin, adrelid) from pg_attrdef", tells="now()", reveals="now()"),
    attack("conditions of constraints", "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'public.accounts'::regclass", tells="handle", reveals="handle"),
    attack("definitions of indexes", "select pg_get_indexdef(indexrelid) from pg_index where indrelid = 'public.accounts'::regclass", tells="email", reveals="email"),
    attack("the information schema", "select * from information_schema.columns where table_schema = 'public' and table_name in ('accounts', 'messages')", tells="[]", reveals="email"),
    attack("the information schema's views", "select view_definition from information_schema.views where table_name = 'comments' and view_definition is not null", tells="[]", reveals="removed_at"),
    attack("column grants", "select * from information_schema.column_privileges where table_schema = 'public' and column_name = 'email'", tells="[]", reveals="email"),
    attack("comments on objects", "select description from pg_description where objoid > 16384", control=None),
    attack("values that columns were added with", "select attmissingval::text from pg_attribute where attmissingval is not null", tells="[]", control=None),
    attack("large objects in the catalog", "select * from pg_largeobject", refused=DENIED),
    attack("labels of enumerations", "select enumlabel from pg_enum where enumtypid = 'public.visibility'::regtype", tells="followers", reveals="followers"),
    # Secrets
    attack("passwords", "select rolname, rolpassword from pg_authid", refused=DENIED, reveals="klover"),
    attack("shadow passwords", "select * from pg_shadow", refused=DENIED, reveals="klover"),
    attack("passwords in the list of roles", "select rolpassword from pg_roles where rolpassword <> '********'", tells="[]", control=None),
    attack("foreign servers' passwords", "select * from pg_user_mapping", refused=DENIED),
    attack("subscriptions' passwords", "select subconninfo from pg_subscription", refused=DENIED),
    attack("how people log in", "select * from pg_hba_file_rules", refused=DENIED, reveals="klover_session"),
    attack("who may be whom", "select * from pg_ident_file_mappings", refused=DENIED),
    attack("settings by file", "select * from pg_file_settings", refused=DENIED, reveals="log_min_messages"),
    attack("where the data lies", "show data_directory", refused=DENIED, reveals="/"),
    attack("where the rules lie", "show hba_file", refused=DENIED, reveals="pg_hba.conf"),
    attack("how a standby logs in", "show primary_conninfo", refused=DENIED, control=None),
    attack("a key in a setting", "select setting from pg_settings where name like 'klover%'", tells="[]", control=None),
    # Pseudonyms and what makes them
    attack("call what keeps pseudonyms", "select {keeper}()", refused=f"{DENIED} {NO_FUNCTION} {NO_FEATURE}", control=None),
    attack("look into its schema", "select * from information_schema.tables where table_schema = 'klover_pseudonym'", tells="[]", reveals="BASE TABLE"),
    attack("count the keys", "select count(*) from {keys}", refused=DENIED, reveals="[("),
    attack("copy the keys", "copy {keys} to stdout", refused=DENIED, control=None),
    attack("sample the keys", "select * from {keys} tablesample system (100)", refused=DENIED, reveals="("),
    attack("the keys as a record's type", "select null::{keys}", refused=DENIED, control=None),
    attack("a key by its statistics", "select stavalues1 from pg_statistic where starelid = '{keys}'::regclass", refused=DENIED),
    attack("the trigger's arguments", "select tgargs::text from pg_trigger where tgargs <> ''", tells="[]", control=None),
    attack("stored pseudonyms of the base table", "select {hidden} from public.accounts", refused=f"{DENIED} {NO_COLUMN}", control=None),
    attack("a lookup by another row's key", "select id from accounts where id::text = '4711'", tells="[]", reveals="4711"),
    attack("guess a pseudonym by a digest", "select id from accounts where id::text in (select left(encode(sha256(n::text::bytea), 'hex'), 8) from generate_series(4700, 4720) n)", tells="[]", control=None),
    # Other sessions, as a catalog shows them
    attack("others' statements", "select query from pg_stat_activity", refused=DENIED, reveals="pg_stat_activity"),
    attack("others' statements by function", "select * from pg_stat_get_activity(null)", refused=DENIED),
    attack("one backend's statement", "select pg_stat_get_backend_activity(1)", refused=DENIED),
    attack("one backend's address", "select pg_stat_get_backend_client_addr(1)", refused=DENIED),
    attack("what backends wait for", "select pg_stat_get_backend_wait_event(1)", refused=DENIED),
    attack("others' locks", "select locktype from pg_locks", refused=DENIED, reveals="relation"),
    attack("locks by function", "select * from pg_lock_status()", refused=DENIED),
    attack("whom one waits for", "select pg_blocking_pids(1)", refused=DENIED),
    attack("others' certificates", "select * from pg_stat_ssl", refused=DENIED),
    attack("who replicates", "select usename from pg_stat_replication", refused=DENIED, reveals="klover_replication"),
    attack("from whom one replicates", "select * from pg_stat_wal_receiver", refused=DENIED),
    attack("replication slots", "select * from pg_replication_slots", refused=DENIED),
    attack("progress of others' work", "select * from pg_stat_progress_vacuum", refused=DENIED),
    attack("prepared transactions of others", "select * from pg_prepared_xacts", refused=DENIED),
    attack("memory of others", "select * from pg_shmem_allocations", refused=DENIED),
    attack("memory contexts", "select * from pg_backend_memory_contexts", refused=DENIED),
    attack("fate of a transaction", "select pg_xact_status('3')", refused=DENIED, control=None),
    attack("the log's position", "select pg_last_wal_replay_lsn()", refused=DENIED),
    attack("one's own prepared statements only", "select statement from pg_prepared_statements", tells="[]", control=None),
    attack("one's own cursors only", "select statement from pg_cursors where statement not like 'select statement%'", tells="[]", control=None),
    # Functions that look around, or run strings
    attack("query_to_xml", "select query_to_xml('select email from public.accounts', true, false, '')", refused=DENIED, control=None),
    attack("query_to_xmlschema", "select query_to_xmlschema('select email from public.accounts', true, false, '')", refused=DENIED, control=None),
    attack("query_to_xml_and_xmlschema", "select query_to_xml_and_xmlschema('select email from public.accounts', true, false, '')", refused=DENIED, control=None),
    attack("table_to_xml", "select table_to_xml('public.accounts', true, false, '')", refused=DENIED, control=None),
    attack("table_to_xml of a view", "select table_to_xml('accounts', true, false, '')", refused=DENIED, control=None),
    attack("schema_to_xml", "select schema_to_xml('public', true, false, '')", refused=DENIED, control=None),
    attack("database_to_xml", "select database_to_xml(true, false, '')", refused=DENIED, control=None),
    attack("cursor_to_xml", "select cursor_to_xml('c', 1, true, false, '')", refused=DENIED, control=None),
    attack("an entity of a file in XML", "select xmlparse(document '<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>')::text ~ 'root:'", refused="0A000 2200M", control=None) if XML_IS_OFF else attack("an entity of a file in XML", "select xmlparse(document '<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>')::text ~ 'root:'", tells="[(False,)]", control=None),
    attack("ts_stat", "select word from ts_stat('select to_tsvector(email) from public.accounts')", refused=DENIED, reveals="secret.example"),
    attack("ts_rewrite", "select ts_rewrite('cat'::tsquery, 'select ''cat''::tsquery, ''dog''::tsquery from public.accounts')", refused=DENIED, reveals="dog"),
    attack("dblink", "select * from dblink('dbname=postgres', 'select 1') as t(a int)", refused=NO_FUNCTION, control=None),
    attack("crosstab", "select * from crosstab('select 1, 2, 3') as t(a int, b int)", refused=NO_FUNCTION, control=None),
    attack("connectby", "select * from connectby('public.accounts', 'id', 'invited_by', '4711', 0) as t(a int8, b int8, c int)", refused=NO_FUNCTION, control=None),
    attack("raw pages", "select get_raw_page('public.accounts', 0)", refused=NO_FUNCTION, control=None),
    attack("read a file", "select pg_read_file('pg_hba.conf')", refused=DENIED, reveals="klover_session"),
    attack("read bytes of a file", "select pg_read_binary_file('PG_VERSION')", refused=DENIED),
    attack("list a folder", "select pg_ls_dir('.')", refused=DENIED, reveals="pg_hba.conf"),
    attack("list the log's folder", "select * from pg_ls_waldir()", refused=DENIED),
    attack("list temporary files", "select * from pg_ls_tmpdir()", refused=DENIED),
    attack("list the server's logs", "select * from pg_ls_logdir()", refused=DENIED, control=None),
    attack("a file's times", "select pg_stat_file('pg_hba.conf')", refused=DENIED),
    attack("the file of this log", "select pg_current_logfile()", refused=DENIED),
    attack("read a large object", "select lo_get(1)", refused=DENIED, control=("select lo_from_bytea(77, 'x')", "select lo_get(77)")),
    attack("open a large object", "select lo_open(1, 131072)", refused=DENIED, control=("select lo_create(78)", "select lo_open(78, 131072)")),
    attack("import a file as a large object", "select lo_import('/etc/passwd')", refused=DENIED),
    attack("export a large object to a file", "select lo_export(1, '/tmp/klover-x')", refused=DENIED, control=None),
    attack("decode changes", "select pg_logical_slot_get_changes('x', null, null)", refused=DENIED, control=None),
    attack("peek at changes", "select pg_logical_slot_peek_changes('x', null, null)", refused=DENIED, control=None),
    attack("make a slot", "select pg_create_logical_replication_slot('tap', 'pgoutput')", refused=DENIED, control=None),
    attack("make a physical slot", "select pg_create_physical_replication_slot('tap')", refused=DENIED, control=None),
    attack("export a snapshot", "select pg_export_snapshot()", refused=DENIED),
    attack("size of a tablespace", "select pg_tablespace_size('pg_default')", refused=DENIED),
    attack("who may read what", "select has_table_privilege('klover', 'public.accounts', 'select'), has_column_privilege('public.accounts', 'email', 'select')", tells="[(True, False)]", reveals="[(True, True)]"),
)  # fmt: skip


class TestAttack(Trials):
    attacks = ATTACKS


SOURCES = (
    "select prosrc from pg_proc where oid >= 16384",
    "select pg_get_viewdef(oid) from pg_class where relkind = 'v' and oid >= 16384",
    "select pg_get_triggerdef(oid) from pg_trigger",
    "select pg_get_constraintdef(oid) from pg_constraint where oid >= 16384",
    "select pg_get_expr(adbin, adrelid) from pg_attrdef",
    "select description from pg_description where objoid >= 16384",
    "select setting from pg_settings",
    "select setconfig from pg_db_role_setting",
    "explain (verbose) select * from accounts where id = '00000000-0000-0000-0000-000000000000'",
)


@pytest.mark.parametrize("where", ["standby", "primary"])
def test_no_key_of_pseudonyms_stands_in_what_a_session_can_read(
    closed: Enclave, where: str
) -> None:
    with closed.owner() as owner:
        rows = owner.execute("select k::text from klover_pseudonym.key k").fetchall()
    keys = [key for (row,) in rows for key in re.findall(r"[0-9a-f]{48,}", row)]
    assert len(keys) >= len(rows) > 0
    login = closed.session if where == "standby" else closed.primary_session
    for source in SOURCES:
        with login(SLUG) as session:
            told, sqlstate = everything_told(session, (source,))
        assert not sqlstate, told
        assert told
        assert not [key for key in keys if key in told or key.upper() in told]
