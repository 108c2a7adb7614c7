"""The powers that Postgres has names for, and what may be in a server beside the data: as data.

Deny by default: a power, a library or a setting that stands in no list here is not allowed; an
extension that stands in none is *unknown*.
https://www.postgresql.org/docs/18/predefined-roles.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a role of Postgres' own gives, and whether an application may have it."""

    gives: str
    application: bool = False


PREDEFINED: Mapping[str, Power] = {
    "pg_read_all_data": Power(gives="reads every table, pseudonyms included"),
    "pg_write_all_data": Power(gives="writes every table"),
    "pg_read_server_files": Power(gives="reads files of the host (COPY FROM, pg_read_file)"),
    "pg_write_server_files": Power(gives="writes files of the host (COPY TO)"),
    "pg_execute_server_program": Power(gives="runs programs on the host (COPY … PROGRAM)"),
    "pg_create_subscription": Power(gives="has the server connect to others"),
    "pg_read_all_stats": Power(gives="reads the statements of other sessions", application=True),
    "pg_read_all_settings": Power(gives="reads every setting of the server", application=True),
    "pg_stat_scan_tables": Power(gives="reads statistics by scanning tables", application=True),
    "pg_monitor": Power(gives="reads what all sessions do", application=True),
    "pg_signal_backend": Power(gives="ends other sessions", application=True),
    "pg_signal_autovacuum_worker": Power(gives="ends the sweepers of tables", application=True),
    "pg_checkpoint": Power(gives="starts checkpoints", application=True),
    "pg_maintain": Power(gives="maintains every table", application=True),
    "pg_use_reserved_connections": Power(gives="uses reserved connections", application=True),
}
"""``pg_database_owner`` is asked of the database itself."""

HARMLESS_EXTENSIONS = frozenset({
    "plpgsql", "citext", "hstore", "ltree", "pg_trgm", "uuid-ossp", "pgcrypto", "btree_gin",
    "btree_gist", "unaccent", "fuzzystrmatch", "intarray", "isn", "cube", "earthdistance", "seg",
    "tsm_system_rows", "tsm_system_time", "bloom", "dict_int", "dict_xsyn", "intagg", "vector",
    "postgis", "moddatetime", "autoinc", "refint", "insert_username", "pg_freespacemap",
    "timestamp9", "semver", "pg_uuidv7", "pg_partman", "pg_repack", "tcn",
})  # fmt: skip
"""They compute, index or constrain; their functions are judged one by one besides."""
CARRIERS: Mapping[str, str] = {
    **dict.fromkeys(("dblink", "postgres_fdw", "oracle_fdw", "mysql_fdw", "tds_fdw", "redis_fdw",
                     "mongo_fdw", "wrappers", "multicorn", "pglogical", "citus"),
                    "reaches other servers"),
    **dict.fromkeys(("http", "pg_net", "pgsql-http", "aws_s3", "aws_lambda", "aws_commons",
                     "azure", "azure_storage", "pg_tle", "amqp", "kafka_fdw"),
                    "sends to services outside"),
    **dict.fromkeys(("file_fdw", "adminpack", "parquet_s3_fdw", "orafce"), "reaches files"),
    **dict.fromkeys(("pageinspect", "pg_walinspect", "pg_surgery", "pg_visibility", "pgrowlocks",
                     "pgstattuple", "pg_buffercache", "amcheck", "lo", "old_snapshot"),
                    "reads pages, locks or large objects past the tables' grants"),
    **dict.fromkeys(("plpython3u", "plperlu", "pltclu", "plsh", "plrust", "pljava", "plv8u"),
                    "runs code as the server's account"),
    **dict.fromkeys(("tablefunc", "xml2", "pg_cron", "pg_background", "pgagent"),
                    "runs statements given as strings, or later"),
    **dict.fromkeys(("pg_stat_statements", "pg_stat_monitor", "pg_qualstats", "pgaudit",
                     "pg_show_plans", "pg_store_plans"), "keeps statements of other sessions"),
    "sslinfo": "tells of certificates",
}  # fmt: skip
"""Extensions by which data can leave, and how."""

HARMLESS_LIBRARIES = frozenset({"passwordcheck", "auth_delay", "pg_prewarm", "vector", "sepgsql"})
"""Libraries that may be preloaded: they store nothing of statements and open no connection."""
LIBRARIES = (
    "shared_preload_libraries",
    "session_preload_libraries",
    "local_preload_libraries",
    "archive_library",
)
ARCHIVE = ("archive_mode", "archive_command", "archive_library")
PROGRAMS = ("restore_command", "archive_cleanup_command", "recovery_end_command",
            "ssl_passphrase_command")  # fmt: skip
"""Programs that the server runs on its host; only its files can name them."""
SPOKEN: Mapping[str, frozenset[str]] = {
    "log_statement": frozenset({"none"}),
    "log_min_duration_statement": frozenset({"-1"}),
    "log_min_duration_sample": frozenset({"-1"}),
    "log_transaction_sample_rate": frozenset({"0"}),
    "log_min_error_statement": frozenset({"panic", "fatal"}),
    "log_statement_stats": frozenset({"off"}),
    "log_parameter_max_length_on_error": frozenset({"0"}),
    "debug_print_parse": frozenset({"off"}),
    "debug_print_rewritten": frozenset({"off"}),
    "debug_print_plan": frozenset({"off"}),
}
"""Settings under which statements, and so values, stay out of the server's log."""
OTHERS = ("wal_level", "log_destination", "logging_collector", "allow_system_table_mods",
          "allow_in_place_tablespaces", "zero_damaged_pages", "ignore_system_indexes",
          "row_security", "lo_compat_privileges", "trace_connection_negotiation")  # fmt: skip
TAMPERED: Mapping[str, str] = {
    "allow_system_table_mods": "lets catalogs be changed by hand",
    "lo_compat_privileges": "opens every large object to everybody",
    "zero_damaged_pages": "lets damaged pages pass for empty ones",
    "ignore_system_indexes": "reads catalogs past their indexes",
    "session_replication_role": "lets rows be written that no foreign key was asked for",
}
"""Settings that have to be off where a proof rests on the catalog."""
LOADERS: Mapping[str, frozenset[str]] = {
    "jit_provider": frozenset({"llvmjit"}),
    "dynamic_library_path": frozenset({"$libdir"}),
    "extension_control_path": frozenset({"$system"}),
    "oauth_validator_libraries": frozenset({""}),
}
"""Settings that say where code comes from, and what they are delivered as."""
SECRET = re.compile(r"secret|passw|pwd|token|key|jwt|credential|dsn|salt|pepper", re.IGNORECASE)
"""What the name of an application's own setting says it holds."""
SCOPED = frozenset({
    "session_preload_libraries", "local_preload_libraries", "dynamic_library_path",
    "extension_control_path", "jit_provider", "role", "session_authorization", "log_statement",
    "log_min_error_statement", "log_min_duration_statement", "log_min_duration_sample",
    "log_parameter_max_length", "log_parameter_max_length_on_error", "debug_print_parse",
    "debug_print_rewritten", "debug_print_plan", "session_replication_role",
    "lo_compat_privileges", "allow_system_table_mods", "row_security",
})  # fmt: skip
"""Settings that nobody should have set for a database or a role."""
LEAKPROOF = frozenset({
    '"interval"(time without time zone)', '"numeric"(bigint)', '"numeric"(double precision)',
    '"numeric"(integer)', '"numeric"(real)', '"numeric"(smallint)', '"varchar"(name)',
    "bool(integer)", "bpchar_larger(character,character)",
    "bpchar_smaller(character,character)", "bytea(bigint)", "bytea(integer)", "bytea(smallint)",
    "bytea_larger(bytea,bytea)", "bytea_smaller(bytea,bytea)", "crc32(bytea)", "crc32c(bytea)",
    "float4(bigint)", "float4(integer)", "float4(smallint)", "float8(bigint)",
    "float8(integer)", "float8(real)", "float8(smallint)", "gen_random_uuid()", "int4(boolean)",
    "int4(smallint)", "int8(integer)", "int8(oid)", "int8(smallint)", "macaddr8(macaddr)",
    "md5(bytea)", "md5(text)", "name(character varying)", "name(character)", "name(text)",
    "sha224(bytea)", "sha256(bytea)", "sha384(bytea)", "sha512(bytea)", "text(name)",
    "text_larger(text,text)", "text_smaller(text,text)", "uuid_extract_timestamp(uuid)",
    "uuid_extract_version(uuid)",
})  # fmt: skip
"""What Postgres 15 to 18 mark leakproof beside what compares, sorts and hashes."""
