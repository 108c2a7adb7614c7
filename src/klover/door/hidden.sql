-- name: added_relations
-- Relations that somebody made among Postgres' own, or in a schema that only looks like its own.
select n.nspname, c.relname, o.rolname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_roles o on o.oid = c.relowner
 where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.oid >= 16384
   and (n.nspname = 'information_schema'
        or n.nspname like 'pg\_%' and n.nspname !~ '^pg_(toast_)?temp_[0-9]+$')
   and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                      and d.objid = c.oid and d.deptype = 'e')
 order by 1, 2;

-- name: rewritten
-- Views of Postgres' own that ask for something that is not.
select distinct n.nspname, c.relname, pg_describe_object(d.refclassid, d.refobjid, 0)
  from pg_rewrite w
  join pg_class c on c.oid = w.ev_class
  join pg_namespace n on n.oid = c.relnamespace
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
 where n.nspname in ('pg_catalog', 'information_schema') and c.oid < 16384
   and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass) and d.refobjid >= 16384
 order by 1, 2, 3;

-- name: definers_of_postgres
-- Functions of Postgres' own that run with their owner's rights: none does when it is delivered.
select oid::regprocedure::text from pg_proc
 where prosecdef and oid < 16384 and pronamespace in ('pg_catalog'::regnamespace,
                                                      'information_schema'::regnamespace)
 order by 1;

-- name: quiet
-- Functions of Postgres' own that act, and that say by their volatility that they do not; that are
-- another name for one that Postgres closes; that are written in a language that can do more.
with closed as materialized (
  select p.oid, p.prosrc from pg_proc p
    join pg_init_privs i on i.classoid = 'pg_proc'::regclass and i.objoid = p.oid
   where not exists (select from aclexplode(i.initprivs) a where a.grantee = 0))
select p.oid::regprocedure::text
  from pg_proc p
 where p.oid < 16384 and p.pronamespace = 'pg_catalog'::regnamespace
   and (p.provolatile <> 'v'
        and p.proname ~ ('^(lo_|loread|lowrite|set_config|pg_(try_)?advisory_|pg_terminate_'
                         '|pg_cancel_|pg_notify|pg_reload_|pg_rotate_|pg_logical_|pg_create_'
                         '|pg_drop_|pg_copy_|pg_export_|pg_read_|pg_ls_|pg_stat_file|pg_promote'
                         '|pg_stat_reset|pg_switch_|pg_backup_|pg_log_|pg_control_|ts_stat|currtid'
                         '|nextval|setval|brin_summ|brin_desumm|gin_clean|binary_upgrade_)')
        or p.prolang not in (select l.oid from pg_language l
                              where l.lanname in ('internal', 'c', 'sql'))
        or p.prosrc in (select prosrc from closed) and p.oid not in (select oid from closed))
 order by 1;

-- name: leakproof
-- Functions that the planner may run before a barrier, but for those that compare, sort and hash.
select p.oid::regprocedure::text, p.oid >= 16384
  from pg_proc p
 where p.proleakproof
   and (p.oid >= 16384
        or not exists (select from pg_amproc m where m.amproc = p.oid)
           and not exists (select from pg_operator o
                            where o.oprcode = p.oid and o.oprresult = 'boolean'::regtype
                              and o.oprname = any (array['=', '<>', '<', '<=', '>', '>=', '~<~',
                                                         '~<=~', '~>=~', '~>~', '^@'])))
 order by 1;

-- name: toasts
-- Where long values lie: granted, they are read past the table's own grants.
select format('%s (long values of %s)', t.oid::regclass, c.oid::regclass),
       coalesce(r.rolname, 'public')
  from pg_class t
  join pg_class c on c.reltoastrelid = t.oid
 cross join aclexplode(t.relacl) a
  left join pg_roles r on r.oid = a.grantee
 where a.grantee <> t.relowner
 order by 1, 2;

-- name: system_columns
-- Columns that every table has (xmin, ctid): they count its rows and tell when they came.
select format('%I.%I.%I', n.nspname, c.relname, t.attname), coalesce(r.rolname, 'public')
  from pg_attribute t
  join pg_class c on c.oid = t.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(t.attacl) a
  left join pg_roles r on r.oid = a.grantee
 where t.attnum < 0 and a.grantee <> c.relowner
 order by 1, 2;

-- name: maintain
-- Who may lock, rewrite and re-measure a relation (17 and later), Postgres' own included.
select format('%I.%I', n.nspname, c.relname), coalesce(r.rolname, 'public')
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(c.relacl) a
  left join pg_roles r on r.oid = a.grantee
 where a.privilege_type = 'MAINTAIN' and a.grantee <> c.relowner
 order by 1, 2;

-- name: handed_on
-- What Klover's roles were given to give to others.
select distinct format('%I.%I', n.nspname, c.relname), r.rolname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute t on t.attrelid = c.oid and t.attacl is not null
 cross join lateral (select * from aclexplode(c.relacl)
                     union all select * from aclexplode(t.attacl)) a
  join pg_roles r on r.oid = a.grantee
 where a.is_grantable and a.grantee <> c.relowner and r.rolname like 'klover\_%'
 order by 1, 2;

-- name: group_reach
-- What the group of all sessions holds by itself: only a line of pg_hba.conf may mean it.
select format('%%I.%%I', n.nspname, c.relname), r.rolname
  from pg_roles r
 cross join pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where r.rolname = %(group)s
   and (c.relowner = r.oid
        or exists (select from aclexplode(c.relacl) a where a.grantee = r.oid)
        or exists (select from pg_attribute t cross join aclexplode(t.attacl) a
                    where t.attrelid = c.oid and a.grantee = r.oid))
 order by 1, 2;

-- name: door_objects
-- What stands in a schema of a door beside relations.
select n.nspname, pg_describe_object(d.classid, d.objid, 0)
  from pg_depend d
  join pg_namespace n on n.oid = d.refobjid
 where d.refclassid = 'pg_namespace'::regclass and d.classid <> 'pg_class'::regclass
   and d.deptype = 'n' and n.nspname like 'door\_%'
   and d.classid <> 'pg_default_acl'::regclass
 order by 1, 2;

-- name: key_readers
-- Relations that show the keys of pseudonyms, or whose rows pass for keys.
select distinct c.oid::regclass::text, 'shows what it reads of them'
  from pg_depend d
  join pg_rewrite w on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
  join pg_class c on c.oid = w.ev_class
 where d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass(%(keys)s)
   and w.ev_class <> d.refobjid
union all
select i.inhrelid::regclass::text, 'is read with them: its rows pass for keys'
  from pg_inherits i where i.inhparent = to_regclass(%(keys)s)
 order by 1;

-- name: own_things
-- What belongs to a session's role, which has to own nothing: it was made behind the doors' back.
select r.rolname, pg_describe_object(d.classid, d.objid, d.objsubid)
  from pg_shdepend d
  join pg_roles r on r.oid = d.refobjid
 where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
   and d.dbid in (0, (select oid from pg_database where datname = current_database()))
   and r.rolname like 'klover\_s\_%'
 order by 1, 2;

-- name: prepared
-- Transactions that outlive the session that prepared them.
select p.gid, p.owner from pg_prepared_xacts p
 where p.owner like 'klover\_s\_%' order by 1;

-- name: may_prepare
-- Whether PREPARE TRANSACTION works: no privilege keeps anybody from it.
select name, setting from pg_settings
 where name = 'max_prepared_transactions' and setting::int > 0 and not pg_is_in_recovery();
