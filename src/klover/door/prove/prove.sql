-- name: roles
-- All roles that bear a prefix of Klover's.
select r.rolname, r.rolcanlogin, r.rolconnlimit,
       r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
  from pg_roles r
 where r.rolname like any (array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%'])
 order by 1;

-- name: passwords
-- Those of them that have a password (a superuser's to see).
select rolname from pg_authid
 where rolpassword is not null
   and rolname like any (array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%']);

-- name: relations
-- What these roles can do with relations and single columns outside Postgres' own schemas.
-- Postgres' own judgement: PUBLIC, memberships, ownership and powers are all in it.
select r.rolname, n.nspname, c.relname, c.relkind::text,
       case when c.relkind = 'S' then has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
            else has_any_column_privilege(r.oid, c.oid, 'select') end,
       c.relkind <> 'S' and (
         has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, references, trigger')
         or has_any_column_privilege(r.oid, c.oid, 'insert, update, references')),
       pg_has_role(r.oid, c.relowner, 'member')
  from pg_roles r
 cross join pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where r.rolname = any (%s)
   and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%%'
   and (case when c.relkind = 'S'
             then has_sequence_privilege(r.oid, c.oid, 'usage, select, update')
             else has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')
               or has_table_privilege(r.oid, c.oid, 'delete, truncate, trigger') end
        or pg_has_role(r.oid, c.relowner, 'member'))
 order by 1, 2, 3;

-- name: columns
-- The columns outside Postgres' own schemas that these roles can read.
select r.rolname, n.nspname, c.relname, a.attname
  from pg_roles r
 cross join pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where r.rolname = any (%s)
   and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%%'
   and has_column_privilege(r.oid, c.oid, a.attnum, 'select')
 order by 1, 2, 3, 4;

-- name: system
-- What these roles can read or write of Postgres' own relations beyond what everybody may.
select r.rolname, n.nspname, c.relname,
       has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, references, trigger')
  from pg_roles r
 cross join pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where r.rolname = any (%s)
   and n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
   and (has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, references, trigger')
        or (c.relname = any (%s) and has_any_column_privilege(r.oid, c.oid, 'select')))
 order by 1, 2, 3;

-- name: told
-- The names of Postgres' own relations.
select relname from pg_class
 where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v');

-- name: functions
-- The functions that these roles may execute and SQL can call, those that can only compute left out.
select n.nspname, p.oid::regprocedure::text, p.proname, p.provolatile = 'v', p.prosecdef,
       exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'e'),
       r.rolname
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
 cross join pg_roles r
 where r.rolname = any (%s)
   and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype,
                            'language_handler'::regtype, 'fdw_handler'::regtype,
                            'index_am_handler'::regtype, 'table_am_handler'::regtype,
                            'tsm_handler'::regtype)
   and not 'internal'::regtype::oid = any (p.proargtypes::oid[])
   and (n.nspname <> 'pg_catalog' or p.provolatile = 'v' or p.prosecdef
        or p.proname ~ '^(pg_|txid_|query_|cursor_|table_|schema_|database_)')
   and n.nspname <> 'information_schema'
   and has_function_privilege(r.oid, p.oid, 'execute')
 order by 7, 2;

-- name: memberships
-- Every membership in or of a role with a prefix of Klover's, and whether it gives more than what
-- the group has: to hand it on, or (since 16) to become it.
select g.rolname, m.rolname,
       a.admin_option or coalesce((to_jsonb(a) ->> 'set_option')::boolean, false)
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
 where g.rolname like 'klover\_%' or m.rolname like 'klover\_%'
 order by 1, 2;

-- name: settings
-- What session roles start with: in this database, and where nothing is said of it, everywhere.
select r.rolname, s.setting, x.setdatabase <> 0
  from pg_db_role_setting x
  join pg_roles r on r.oid = x.setrole
  left join pg_database d on d.oid = x.setdatabase
 cross join unnest(x.setconfig) s(setting)
 where r.rolname = any (%s) and (x.setdatabase = 0 or d.datname = current_database())
 order by 1, 3, 2;

-- name: databases
-- What these roles may do with databases.
select r.rolname, d.datname, p.privilege
  from pg_roles r
 cross join pg_database d
 cross join unnest(array['connect', 'temporary', 'create']) p(privilege)
 where r.rolname = any (%s) and d.datallowconn
   and has_database_privilege(r.oid, d.oid, p.privilege)
   and (d.datname = current_database() or p.privilege <> 'temporary')
   and not (d.datname = current_database() and p.privilege = 'connect')
 order by 1, 2, 3;

-- name: schemas
-- What these roles may do with schemas that are not Postgres' own.
select r.rolname, n.nspname, has_schema_privilege(r.oid, n.oid, 'create')
  from pg_roles r
 cross join pg_namespace n
 where r.rolname = any (%s)
   and (has_schema_privilege(r.oid, n.oid, 'create')
        or (n.nspname not in ('pg_catalog', 'information_schema')
            and has_schema_privilege(r.oid, n.oid, 'usage')))
   and n.nspname not like 'pg\_temp\_%%' and n.nspname not like 'pg\_toast%%'
 order by 1, 2;

-- name: others
-- Languages, foreign servers and wrappers, tablespaces, parameters and large objects in reach.
select r.rolname, 'language ' || l.lanname
  from pg_roles r cross join pg_language l
 where r.rolname = any (%(roles)s) and l.lanname not in ('internal', 'c')
   and has_language_privilege(r.oid, l.oid, 'usage')
union all
select r.rolname, 'foreign server ' || s.srvname
  from pg_roles r cross join pg_foreign_server s
 where r.rolname = any (%(roles)s) and has_server_privilege(r.oid, s.oid, 'usage')
union all
select r.rolname, 'foreign-data wrapper ' || w.fdwname
  from pg_roles r cross join pg_foreign_data_wrapper w
 where r.rolname = any (%(roles)s) and has_foreign_data_wrapper_privilege(r.oid, w.oid, 'usage')
union all
select r.rolname, 'tablespace ' || t.spcname
  from pg_roles r cross join pg_tablespace t
 where r.rolname = any (%(roles)s) and t.spcname not in ('pg_default', 'pg_global')
   and has_tablespace_privilege(r.oid, t.oid, 'create')
union all
select r.rolname, 'parameter ' || p.parname
  from pg_roles r cross join pg_parameter_acl p
 where r.rolname = any (%(roles)s)
   and has_parameter_privilege(r.oid, p.parname, 'set, alter system')
union all
select coalesce(r.rolname, 'public'), 'large object ' || m.oid
  from pg_largeobject_metadata m
 cross join aclexplode(m.lomacl) a
  left join pg_roles r on r.oid = a.grantee
 where a.grantee = 0 or r.rolname = any (%(roles)s)
union all
select 'public', 'every large object (lo_compat_privileges)'
 where current_setting('lo_compat_privileges')::boolean
 order by 1, 2;

-- name: defaults
-- What objects made later will give to PUBLIC or to these roles by default.
select o.rolname, coalesce(n.nspname, ''), d.defaclobjtype::text, coalesce(r.rolname, 'public'),
       a.privilege_type
  from pg_default_acl d
  join pg_roles o on o.oid = d.defaclrole
  left join pg_namespace n on n.oid = d.defaclnamespace
 cross join aclexplode(d.defaclacl) a
  left join pg_roles r on r.oid = a.grantee
 where (a.grantee = 0 and d.defaclobjtype <> 'T' or r.rolname = any (%s))
   and a.grantee <> d.defaclrole
 order by 1, 2, 3, 4;

-- name: views
-- What stands in schemas of doors, with its definition.
select n.nspname, c.relname, c.oid::int8, c.relkind::text, o.rolname, coalesce(c.reloptions, '{}'),
       case when c.relkind = 'v' then pg_get_viewdef(c.oid) end,
       (select count(*) from pg_rewrite w where w.ev_class = c.oid)
         + (select count(*) from pg_trigger t where t.tgrelid = c.oid)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_roles o on o.oid = c.relowner
 where n.nspname like 'door\_%' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
 order by 1, 2;

-- name: view_columns
-- The columns of those views.
select n.nspname, c.relname, a.attname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname like 'door\_%' and c.relkind = 'v' and a.attnum > 0 and not a.attisdropped
 order by 1, 2, a.attnum;

-- name: view_reads
-- The columns and functions that those views' definitions depend on.
select distinct n.nspname, c.relname, bn.nspname, b.relname, a.attname, p.oid::regprocedure::text
  from pg_rewrite w
  join pg_class c on c.oid = w.ev_class
  join pg_namespace n on n.oid = c.relnamespace
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
   and (d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
        or d.refclassid = 'pg_proc'::regclass)
  left join pg_class b on d.refclassid = 'pg_class'::regclass and b.oid = d.refobjid
  left join pg_namespace bn on bn.oid = b.relnamespace
  left join pg_attribute a on a.attrelid = b.oid and a.attnum = d.refobjsubid
                          and d.refobjsubid <> 0
  left join pg_proc p on d.refclassid = 'pg_proc'::regclass and p.oid = d.refobjid
 where n.nspname like 'door\_%'
 order by 1, 2, 3, 4, 5;

-- name: column_names
-- Every column by its relation's number and its own.
select c.oid::int8, a.attnum::int, n.nspname, c.relname, a.attname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where a.attnum > 0 and not a.attisdropped
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%';

