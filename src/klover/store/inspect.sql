-- name: server_version
-- The server's version as a number.
select current_setting('server_version_num')::int;

-- name: tables
-- Every relation with rows that is not Postgres' own; extension members, Klover's own tables and
-- the views of doors are left out. Partitions come with their topmost parent.
select n.nspname, c.relname, c.relkind::text, c.reltuples::bigint,
       (select array[pn.nspname, pc.relname]::text[]
          from pg_partition_root(c.oid) root
          join pg_class pc on pc.oid = root
          join pg_namespace pn on pn.oid = pc.relnamespace
         where c.relispartition)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not like 'pg\_%%'
   and n.nspname <> 'information_schema'
   and format('%%s.%%s', n.nspname, c.relname) <> all (%(own)s)
   and not (c.relkind = 'v' and n.nspname like 'door\_%%'
            and pg_get_userbyid(c.relowner) like 'klover\_owner\_%%')
   and c.relpersistence <> 't'
   and not exists (select from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = c.oid
                      and d.deptype = 'e')
 order by 1, 2;

-- name: columns
-- Every column of those relations but the pseudonyms that doors keep in them, told by their shape:
-- an application's own column that only begins like one is a column like any other.
select n.nspname, c.relname, a.attname, a.attnum::int,
       format_type(a.atttypid, a.atttypmod),
       t.typtype::text,
       format_type(case when t.typtype = 'd' then t.typbasetype else a.atttypid end,
                   case when t.typtype = 'd' then t.typtypmod else a.atttypmod end),
       case when bt.typelem <> 0 and bt.typsubscript = 'array_subscript_handler'::regproc
            then format_type(bt.typelem, null) end,
       not (t.typtype in ('c', 'p')
            or (et.oid is not null and (et.typtype <> 'b' or et.oid >= 16384))
            or (t.typtype in ('r', 'm') and t.oid >= 16384)
            or (t.typtype = 'b' and t.oid >= 16384)
            or bt.typname in ('oid', 'regclass', 'regproc', 'regprocedure', 'regoper',
                              'regoperator', 'regtype', 'regrole', 'regnamespace', 'regconfig',
                              'regdictionary', 'regcollation', 'xid', 'cid', 'tid')),
       a.attnotnull or (t.typtype = 'd' and t.typnotnull),
       pg_get_expr(d.adbin, d.adrelid),
       a.attgenerated <> '',
       a.attidentity <> '',
       (select array[sn.nspname, s.relname]::text[]
          from pg_depend dep
          join pg_class s on s.oid = dep.objid and s.relkind = 'S'
          join pg_namespace sn on sn.oid = s.relnamespace
         where dep.classid = 'pg_class'::regclass and dep.refclassid = 'pg_class'::regclass
           and dep.refobjid = c.oid and dep.refobjsubid = a.attnum and dep.deptype in ('a', 'i')
         limit 1),
       (select array[sn.nspname, s.relname]::text[]
          from pg_depend dep
          join pg_class s on s.oid = dep.refobjid and s.relkind = 'S'
          join pg_namespace sn on sn.oid = s.relnamespace
         where dep.classid = 'pg_attrdef'::regclass and dep.objid = d.oid
           and dep.refclassid = 'pg_class'::regclass
         limit 1),
       (select array_agg(e.enumlabel::text order by e.enumsortorder)
          from pg_enum e
         where e.enumtypid = case when t.typtype = 'd' then t.typbasetype else t.oid end),
       coalesce((select o.collisdeterministic from pg_collation o where o.oid = a.attcollation),
                true)
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_type t on t.oid = a.atttypid
  join pg_type bt on bt.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
  left join pg_type et on et.oid = bt.typelem and bt.typelem <> 0
       and bt.typsubscript = 'array_subscript_handler'::regproc
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
   and not c.relispartition
   and n.nspname not like 'pg\_%'
   and n.nspname <> 'information_schema'
   and not (c.relkind = 'v' and n.nspname like 'door\_%'
            and pg_get_userbyid(c.relowner) like 'klover\_owner\_%')
   and a.attnum > 0 and not a.attisdropped
   and not (a.attname ~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
            and a.atttypid in ('uuid'::regtype, 'uuid[]'::regtype))
 order by 1, 2, 4;

-- name: keys
-- Primary keys, unique constraints, and unique indexes that are as good as one.
select n.nspname, c.relname, i.relname,
       x.indisprimary,
       (select array_agg(a.attname::text order by k.ord)
          from unnest(x.indkey::int2[]) with ordinality k(attnum, ord)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
         where k.ord <= x.indnkeyatts)
  from pg_index x
  join pg_class c on c.oid = x.indrelid
  join pg_class i on i.oid = x.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
 where x.indisunique and x.indisvalid and x.indpred is null and x.indexprs is null
   and not c.relispartition
   and not exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attnum = any (x.indkey::int2[])
                      and a.attname ~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
                      and a.atttypid in ('uuid'::regtype, 'uuid[]'::regtype))
   and n.nspname not like 'pg\_%'
 order by 1, 2, x.indisprimary desc, 3;

-- name: foreign_keys
-- Foreign keys; those that partitions inherit are left out.
select n.nspname, c.relname, k.conname,
       (select array_agg(a.attname::text order by u.ord)
          from unnest(k.conkey) with ordinality u(attnum, ord)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum),
       tn.nspname, tc.relname,
       (select array_agg(a.attname::text order by u.ord)
          from unnest(k.confkey) with ordinality u(attnum, ord)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum),
       c.relispartition,
       (select array[pn.nspname, pc.relname]::text[]
          from pg_partition_root(c.oid) root
          join pg_class pc on pc.oid = root
          join pg_namespace pn on pn.oid = pc.relnamespace
         where c.relispartition)
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class tc on tc.oid = k.confrelid
  join pg_namespace tn on tn.oid = tc.relnamespace
 where k.contype = 'f' and k.conparentid = 0
 order by 1, 2, 3;

-- name: inherits
-- What tables inherit from (partitions have parents of another kind).
select n.nspname, c.relname, pn.nspname, p.relname
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid and c.relkind in ('r', 'f') and not c.relispartition
  join pg_namespace n on n.oid = c.relnamespace
  join pg_class p on p.oid = i.inhparent
  join pg_namespace pn on pn.oid = p.relnamespace
 order by 1, 2, i.inhseqno;

-- name: reads
-- The columns of tables that views read, through other views too; NULL for a table's rows as such
-- (whole rows, or none of its columns). What functions read is not known.
with recursive reads as (
  select w.ev_class as view, d.refobjid as source, d.refobjsubid as attnum
    from pg_rewrite w
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
     and d.refclassid = 'pg_class'::regclass and d.refobjid <> w.ev_class),
far as (
  select view, source, attnum from reads
  union
  select f.view, r.source, r.attnum from far f join reads r on r.view = f.source)
select n.nspname, v.relname, sn.nspname, s.relname, a.attname
  from far
  join pg_class v on v.oid = far.view and v.relkind in ('v', 'm')
  join pg_namespace n on n.oid = v.relnamespace
  join pg_class c on c.oid = far.source and c.relkind in ('r', 'p', 'f')
  join pg_class s on s.oid = coalesce(pg_partition_root(c.oid), c.oid)
  join pg_namespace sn on sn.oid = s.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = far.attnum and far.attnum > 0
 where n.nspname not like 'pg\_%'
   and n.nspname <> 'information_schema'
 order by 1, 2, 3, 4, 5;

-- name: held
-- The tables and views of this database that somebody else's work keeps from being looked at.
select distinct format('%s.%s', n.nspname, c.relname)
  from pg_locks l
  join pg_class c on c.oid = l.relation
  join pg_namespace n on n.oid = c.relnamespace
 where l.database = (select oid from pg_database where datname = current_database())
   and l.mode = 'AccessExclusiveLock' and l.granted and l.pid <> pg_backend_pid()
   and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\_%'
 order by 1;
