"""What PUBLIC can do in a fresh Postgres that a door session must not: rules, as data.

Built-in functions that are volatile act on the world (they notify, lock, cancel, set, write large
objects, execute strings); of those a session keeps the few in ``HARMLESS``. Of the others, those
that execute strings or tell what other sessions do are named. Whatever the application defines is
closed as a whole: its code runs with rights that the policy says nothing of. What PUBLIC loses,
the role ``klover_application`` keeps. Why each is named: docs/decisions/0002.

Still open, since psql and every driver need it: names of tables, columns and roles, view
definitions, planner estimates, sizes. They hold no value of user data.
"""

import re
from dataclasses import dataclass

HARMLESS = frozenset({
    "array_sample", "array_shuffle", "clock_timestamp", "gen_random_uuid", "pg_database_size",
    "pg_indexes_size", "pg_is_in_recovery", "pg_partition_ancestors", "pg_partition_tree",
    "pg_relation_size", "pg_sequence_last_value", "pg_sleep", "pg_sleep_for", "pg_sleep_until",
    "pg_table_size", "pg_total_relation_size", "random", "random_normal", "setseed",
    "timeofday", "uuidv4", "uuidv7",
})  # fmt: skip
"""Volatile, and harmless: clocks, chance, waiting (``statement_timeout`` ends it), and what tools
ask for lists of tables (sizes tell no more than ``pg_class.relpages`` does)."""
SEALED = frozenset({
    "pg_authid", "pg_shadow", "pg_statistic", "pg_statistic_ext_data", "pg_largeobject",
    "pg_user_mapping", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings",
    "pg_config", "pg_backend_memory_contexts", "pg_shmem_allocations",
})  # fmt: skip
"""What Postgres itself closes to all but superusers, and must stay so."""

_BUILT_IN = re.compile(
    r"(query|cursor|table|schema|database)_to_xml"  # execute a string, or read a table by its name
    r"|pg_stat_get_|pg_lock_status|pg_prepared_xact|pg_get_replication_slots"  # others' doings
    r"|pg_show_replication|pg_get_wal|pg_safe_snapshot|pg_get_shmem|pg_get_aios"
    r"|txid_current$|pg_current_xact_id$"  # use up transactions, of which there are four billion
    r"|pg_stat_file|pg_ls_|pg_read_|pg_hba_|pg_ident_|pg_show_all_file_settings|pg_current_logfile"
)
_EXTENSIONS = re.compile(r"crosstab|connectby|xpath_table|dblink|pg_stat_statements|postgres_fdw")
_RELATIONS = re.compile(
    r"pg_(stat|statio)_|pg_stats(_ext|_ext_exprs)?$|pg_locks$|pg_prepared_xacts$"
    r"|pg_replication_slots$|pg_replication_origin_status$|pg_aios$|pg_shmem_|pg_wait_events$"
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Function:
    """A function that a role may execute, with what tells whether it should."""

    schema: str
    signature: str
    """Schema, name and argument types, quoted, fit for GRANT and REVOKE."""
    name: str
    volatile: bool
    definer: bool
    """True for SECURITY DEFINER: it runs with its owner's rights."""
    extension: bool


def is_dangerous(function: Function) -> bool:
    """Tell whether a door session must not execute ``function``."""
    if function.schema == "information_schema":
        return False
    if function.schema == "pg_catalog":
        acts = function.volatile and function.name not in HARMLESS
        return acts or function.definer or bool(_BUILT_IN.match(function.name))
    if function.extension:
        acts = function.volatile and function.name not in HARMLESS
        return acts or function.definer or bool(_EXTENSIONS.match(function.name))
    return True


def tells_on_others(relation: str) -> bool:
    """Tell whether a relation of ``pg_catalog`` shows other sessions or values of columns."""
    return bool(_RELATIONS.match(relation))
