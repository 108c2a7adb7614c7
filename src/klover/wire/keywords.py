"""Postgres' keywords, which a record keeps as they are; no keyword can hold a value.

Read from ``pg_get_keywords()`` of Postgres 18 and 16, so all that any supported version knows.
``FAMILIAR`` are names of ``pg_catalog`` that help to read a record: functions, types, relations,
and settings.
"""

KEYWORDS = frozenset(
    """
abort absent absolute access action add admin after aggregate all also alter always analyse
analyze and any array as asc asensitive assertion assignment asymmetric at atomic attach
attribute authorization backward before begin between bigint binary bit boolean both breadth by
cache call called cascade cascaded case cast catalog chain char character characteristics check
checkpoint class close cluster coalesce collate collation column columns comment comments commit
committed compression concurrently conditional configuration conflict connection constraint
constraints content continue conversion copy cost create cross csv cube current current_catalog
current_date current_role current_schema current_time current_timestamp current_user cursor
cycle data database day deallocate dec decimal declare default defaults deferrable deferred
definer delete delimiter delimiters depends depth desc detach dictionary disable discard
distinct do document domain double drop each else empty enable encoding encrypted end enforced
enum error escape event except exclude excluding exclusive execute exists explain expression
extension external extract false family fetch filter finalize first float following for force
foreign format forward freeze from full function functions generated global grant granted
greatest group grouping groups handler having header hold hour identity if ilike immediate
immutable implicit import in include including increment indent index indexes inherit inherits
initially inline inner inout input insensitive insert instead int integer intersect interval
into invoker is isnull isolation join json json_array json_arrayagg json_exists json_object
json_objectagg json_query json_scalar json_serialize json_table json_value keep key keys label
language large last lateral leading leakproof least left level like limit listen load local
localtime localtimestamp location lock locked logged mapping match matched materialized maxvalue
merge merge_action method minute minvalue mode month move name names national natural nchar
nested new next nfc nfd nfkc nfkd no none normalize normalized not nothing notify notnull nowait
null nullif nulls numeric object objects of off offset oids old omit on only operator option
options or order ordinality others out outer over overlaps overlay overriding owned owner
parallel parameter parser partial partition passing password path period placing plan plans
policy position preceding precision prepare prepared preserve primary prior privileges
procedural procedure procedures program publication quote quotes range read real reassign
recheck recursive ref references referencing refresh reindex relative release rename repeatable
replace replica reset restart restrict return returning returns revoke right role rollback
rollup routine routines row rows rule savepoint scalar schema schemas scroll search second
security select sequence sequences serializable server session session_user set setof sets share
show similar simple skip smallint snapshot some source sql stable standalone start statement
statistics stdin stdout storage stored strict string strip subscription substring support
symmetric sysid system system_user table tables tablesample tablespace target temp template
temporary text then ties time timestamp to trailing transaction transform treat trigger trim
true truncate trusted type types uescape unbounded uncommitted unconditional unencrypted union
unique unknown unlisten unlogged until update user using vacuum valid validate validator value
values varchar variadic varying verbose version view views virtual volatile when where
whitespace window with within without work wrapper write xml xmlattributes xmlconcat xmlelement
xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable year yes zone
    """.split()  # noqa: SIM905 - a list of words is read more easily as words
)

FAMILIAR = frozenset(
    """
abs age array_agg array_length avg bool bool_and bool_or bytea bytea_output ceil char_length
client_encoding client_min_messages coalesce columns concat concat_ws count current_database
current_schema current_setting current_user date date_part date_trunc datestyle
default_transaction_isolation default_transaction_read_only dense_rank every exp
extra_float_digits first_value floor format format_type generate_series greatest
idle_in_transaction_session_timeout idle_session_timeout inet information_schema initcap int2
int4 int8 intervalstyle json json_agg json_build_object json_each jsonb jsonb_agg
jsonb_array_elements jsonb_build_object jsonb_each lag last_value lead left length ln
lock_timeout lower lpad ltrim max md5 min mod name now ntile nullif numeric obj_description oid
percentile_cont pg_attrdef pg_attribute pg_backend_pid pg_catalog pg_class pg_constraint
pg_database pg_description pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_userbyid
pg_get_viewdef pg_index pg_inherits pg_is_in_recovery pg_namespace pg_proc pg_relation_size
pg_roles pg_settings pg_size_pretty pg_sleep pg_stat_activity pg_table_is_visible pg_tables
pg_total_relation_size pg_type pg_type_is_visible pg_typeof pg_views power random rank regclass
regexp_matches regexp_replace regproc regtype repeat replace reverse right round row_number
row_to_json rpad rtrim search_path server_version server_version_num session_user set_config
sign similarity split_part sqrt standard_conforming_strings statement_timeout stddev string_agg
string_to_array strpos substr substring sum table_constraints tables text timestamptz timezone
to_char to_date to_json to_jsonb to_number to_timestamp transaction_isolation
transaction_read_only transaction_timeout translate trunc txid_current unnest upper uuid
variance version width_bucket
    """.split()  # noqa: SIM905
)
