-- name: this
-- The database, whether we may change all of it, and the server's version.
select current_database(), rolsuper, current_user, current_setting('server_version_num')::int,
       pg_is_in_recovery()
  from pg_roles where rolname = current_user;

-- name: roles
-- Klover's roles; `elsewhere` where another database of the cluster depends on one, `owns` where
-- something here belongs to one.
select r.rolname, r.rolcanlogin, r.rolinherit, r.rolconnlimit,
       r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls,
       r.rolpassword is not null, r.rolvaliduntil is not null,
       exists (select from pg_shdepend d
                where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                  and d.dbid not in (0, (select oid from pg_database
                                          where datname = current_database()))),
       exists (select from pg_shdepend d
                where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                  and d.deptype = 'o'
                  and d.dbid in (0, (select oid from pg_database
                                      where datname = current_database())))
  from pg_authid r
 where r.rolname like any (array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%',
                                 'klover\_session', 'klover\_application', 'klover\_keeper',
                                 'klover\_watch'])
 order by 1;

-- name: existing_roles
-- Which of these roles exist.
select rolname from pg_roles where rolname = any (%s);

-- name: memberships
-- Whoever is a member of, or has as a member, one of Klover's roles. The options came with 16.
select g.rolname, m.rolname, a.admin_option,
       coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, true),
       coalesce((to_jsonb(a) ->> 'set_option')::boolean, true)
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
 where g.rolname like 'klover\_%' or m.rolname like 'klover\_%'
 order by 1, 2;

-- name: settings
-- What Klover's roles start with, everywhere (null) and in this database.
select r.rolname, d.datname, s.setting
  from pg_db_role_setting x
  join pg_roles r on r.oid = x.setrole
  left join pg_database d on d.oid = x.setdatabase
 cross join unnest(x.setconfig) s(setting)
 where r.rolname like any (array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%'])
   and (x.setdatabase = 0 or d.datname = current_database())
 order by 1, 2, 3;

-- name: schemas
-- Klover's schemas that stand.
select n.nspname from pg_namespace n
 where n.nspname like 'door\_%' or n.nspname in ('klover', 'klover_pseudonym')
 order by 1;

-- name: views
-- The views that stand in doors, with a digest of what Postgres says they are.
select n.nspname, c.relname, c.relkind::text, o.rolname, coalesce(c.reloptions, '{}'),
       case when c.relkind = 'v'
            then encode(sha256(convert_to(pg_get_viewdef(c.oid), 'UTF8')), 'hex') end,
       (select count(*) from pg_rewrite w where w.ev_class = c.oid)
         + (select count(*) from pg_trigger t where t.tgrelid = c.oid)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_roles o on o.oid = c.relowner
 where n.nspname like 'door\_%' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
 order by 1, 2;

-- name: compiled
-- What was compiled into those views, and what Postgres made of it then.
select schema, name, compiled, definition from klover.door_view order by 1, 2;

-- name: grants
-- What PUBLIC and Klover's roles were granted on relations and columns that are not Postgres' own.
select n.nspname, c.relname, null, coalesce(r.rolname, 'public'), a.privilege_type, a.is_grantable,
       c.relkind = 'S'
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(c.relacl) a
  left join pg_roles r on r.oid = a.grantee
 where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
   and a.grantee <> c.relowner
   and (a.grantee = 0 or r.rolname like any (
        array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%', 'klover\_session']))
union all
select n.nspname, c.relname, t.attname, coalesce(r.rolname, 'public'), a.privilege_type,
       a.is_grantable, false
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute t on t.attrelid = c.oid and not t.attisdropped
 cross join aclexplode(t.attacl) a
  left join pg_roles r on r.oid = a.grantee
 where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
   and a.grantee <> c.relowner
   and (a.grantee = 0 or r.rolname like any (
        array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%', 'klover\_session']))
 order by 1, 2, 3, 4, 5;

-- name: schema_grants
-- What PUBLIC and Klover's roles were granted on schemas that are not Postgres' own.
select n.nspname, coalesce(r.rolname, 'public'), a.privilege_type, a.is_grantable
  from pg_namespace n
 cross join aclexplode(n.nspacl) a
  left join pg_roles r on r.oid = a.grantee
 where n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
   and a.grantee <> n.nspowner
   and (a.grantee = 0 or r.rolname like 'klover\_%')
 order by 1, 2, 3;

-- name: database_grants
-- What PUBLIC and Klover's roles were granted on databases one may connect to.
select d.datname, coalesce(r.rolname, 'public'), a.privilege_type
  from pg_database d
 cross join aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
  left join pg_roles r on r.oid = a.grantee
 where d.datallowconn and a.grantee <> d.datdba
   and (a.grantee = 0 or r.rolname like 'klover\_%')
 order by 1, 2, 3;

-- name: functions
-- The functions that PUBLIC may execute and SQL can call, with what tells whether it should.
select n.nspname, p.oid::regprocedure::text, p.proname, p.provolatile = 'v', p.prosecdef,
       exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                  and d.deptype = 'e')
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
 where has_function_privilege('public', p.oid, 'execute')
   and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype,
                            'language_handler'::regtype, 'fdw_handler'::regtype,
                            'index_am_handler'::regtype, 'table_am_handler'::regtype,
                            'tsm_handler'::regtype)
   and not 'internal'::regtype::oid = any (p.proargtypes::oid[])
   and (n.nspname <> 'pg_catalog' or p.provolatile = 'v' or p.prosecdef
        or p.proname ~ '^(pg_|txid_|query_|cursor_|table_|schema_|database_)')
   and n.nspname not like 'pg\_temp\_%'
 order by 1, 2;

-- name: languages
-- The languages in which PUBLIC may write functions.
select lanname from pg_language
 where lanispl and has_language_privilege('public', oid, 'usage')
    or lanname = 'sql' and has_language_privilege('public', oid, 'usage')
 order by 1;

-- name: system_relations
-- The relations of Postgres' own that PUBLIC may read.
select c.relname from pg_class c
 where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
   and c.relname like 'pg\_%'
   and has_table_privilege('public', c.oid, 'select')
 order by 1;

-- name: system_writes
-- The relations of Postgres' own that PUBLIC may write (pg_settings, whose rule is a SET).
select c.relname from pg_class c
 where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
   and has_table_privilege('public', c.oid, 'insert, update, delete, truncate')
 order by 1;

-- name: default_functions
-- Whether functions that the caller makes from now on are open to PUBLIC (they are by default).
select not exists (
  select from pg_default_acl d
   where d.defaclrole = (select oid from pg_roles where rolname = current_user)
     and d.defaclnamespace = 0 and d.defaclobjtype = 'f'
     and not exists (select from aclexplode(d.defaclacl) a where a.grantee = 0));
