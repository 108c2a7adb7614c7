-- name: plain
-- Columns as the server writes them, one row a line.
copy (select {values} from {table} as t {join} where {condition}) to stdout;

-- name: json
-- Every string inside a JSON column, one a line.
copy (select v #>> '{{}}'
        from {table} as t {join}
       cross join lateral jsonb_path_query({value}, 'strict $.**') as v
       where jsonb_typeof(v) = 'string' and {condition}) to stdout;

-- name: array
-- Every element of an array column, one a line.
copy (select e from {table} as t {join} cross join lateral unnest({value}) as e
       where {condition}) to stdout;

-- name: populated
-- Materialised views that hold rows: copies that no policy names.
select n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'm' and c.relispopulated;

-- name: statistics
-- What the planner remembers of values, one a line.
copy (select distinct e
        from pg_stats
       cross join lateral (
         select unnest(most_common_vals::text::text[]) union all
         select unnest(histogram_bounds::text::text[]) union all
         select unnest(most_common_elems::text::text[])) as v (e)
       where schemaname not like 'pg\_%' and schemaname <> 'information_schema'
      union
      select unnest(most_common_vals) from pg_stats_ext) to stdout;

-- name: vacuum
-- Dead rows go, and the planner's statistics are taken from what is left.
vacuum (analyze) {tables};

-- name: copies
-- Materialised views that hold rows, each after those it reads, through other views too.
with recursive reads as (
  select w.ev_class as view, d.refobjid as source
    from pg_rewrite w
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
     and d.refclassid = 'pg_class'::regclass and d.refobjid <> w.ev_class),
far (view, depth) as (
  select oid, 0 from pg_class where relkind = 'm'
  union
  select r.view, f.depth + 1 from far f join reads r on r.source = f.view)
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join (select view, max(depth) as depth from far group by view) as f on f.view = c.oid
 where c.relkind = 'm' and c.relispopulated
 order by f.depth, 1, 2;

-- name: refresh
-- Make a view's copy anew from what is left.
refresh materialized view {view};

-- name: empty
-- Whether a table has become empty.
select not exists (select from {table});

-- name: clear
-- Clear what the planner remembers of a table, its partitions and their indexes.
with family as (
  select %(table)s::regclass::oid as oid
  union select p.relid from pg_partition_tree(%(table)s::regclass) as p)
select pg_clear_attribute_stats(n.nspname, c.relname, a.attname, s.stainherit)
  from pg_statistic s
  join pg_class c on c.oid = s.starelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum = s.staattnum
 where c.oid in (select oid from family)
    or c.oid in (select i.indexrelid from pg_index i join family f on f.oid = i.indrelid);

-- name: clear_by_hand
-- The same before version 18, for superusers.
with family as (
  select %(table)s::regclass::oid as oid
  union select p.relid from pg_partition_tree(%(table)s::regclass) as p)
delete from pg_statistic
 where starelid in (select oid from family)
    or starelid in (select i.indexrelid from pg_index i join family f on f.oid = i.indrelid);

-- name: clear_groups
-- Clear what is remembered of groups of columns, for superusers: no function does it.
with family as (
  select %(table)s::regclass::oid as oid
  union select p.relid from pg_partition_tree(%(table)s::regclass) as p)
delete from pg_statistic_ext_data
 where stxoid in (select oid from pg_statistic_ext where stxrelid in (select oid from family));

-- name: groups
-- Whether anything is remembered of groups of columns (the view shows what one may read).
select exists (select from pg_stats_ext where most_common_vals is not null);
