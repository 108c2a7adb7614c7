-- name: cluster_roles
-- Every role of the cluster and its powers. Role 10 is the one that made the cluster.
select rolname, rolcanlogin, oid = 10, rolsuper, rolcreaterole, rolcreatedb, rolreplication,
       rolbypassrls
  from pg_roles order by 1;

-- name: cluster_members
-- Every membership, whatever its options: one that cannot SET ROLE today is an ALTER away from it.
select m.rolname, g.rolname
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
 order by 1, 2;

-- name: cluster_relations
-- What each role that is no superuser can do by itself with relations outside Postgres' own
-- schemas, a door's views included. Only what PUBLIC, grants and ownership give: memberships are followed by
-- the caller, through roles that do not inherit, too.
select r.rolname, n.nspname, c.relname,
       has_any_column_privilege(r.oid, c.oid, 'select'),
       has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, trigger, references')
         or has_any_column_privilege(r.oid, c.oid, 'insert, update, references'),
       c.relowner = r.oid
  from pg_roles r
 cross join pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where not r.rolsuper and r.rolname <> all (%(ours)s)
   and r.rolname not in ('pg_read_all_data', 'pg_write_all_data', 'pg_maintain')
   and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not in ('pg_catalog', 'information_schema')
   and n.nspname not like 'pg\_toast%%' and n.nspname not like 'pg\_temp\_%%'
   and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')
        or has_table_privilege(r.oid, c.oid, 'delete, truncate, trigger')
        or c.relowner = r.oid)
 order by 1, 2, 3;

-- name: cluster_database
-- This database's owner, and whether anybody who may create databases can copy it whole.
select pg_get_userbyid(datdba), datistemplate from pg_database
 where datname = current_database();

-- name: cluster_databases
-- The other databases of the cluster that one may connect to.
select datname from pg_database
 where datallowconn and datname <> current_database() order by 1;

-- name: cluster_creates
-- Who may make schemas, publications and trusted extensions in this database.
select coalesce(r.rolname, 'public')
  from pg_database d
 cross join aclexplode(d.datacl) a
  left join pg_roles r on r.oid = a.grantee
 where d.datname = current_database() and a.privilege_type = 'CREATE' and a.grantee <> d.datdba
 order by 1;

-- name: cluster_schemas
-- Who owns a schema, or may create in one, Postgres' own included; and which are no application's.
select r.rolname, n.nspname, n.nspowner = r.oid,
       n.nspname like 'door\_%%' or n.nspname like 'pg\_%%'
         or n.nspname in ('klover', 'klover_pseudonym', 'information_schema')
  from pg_roles r
 cross join pg_namespace n
 where not r.rolsuper and r.rolname <> all (%(ours)s) and r.rolname <> 'pg_database_owner'
   and n.nspname not like 'pg\_temp\_%%' and n.nspname not like 'pg\_toast\_temp\_%%'
   and (has_schema_privilege(r.oid, n.oid, 'create') or n.nspowner = r.oid)
 order by 1, 2;

-- name: cluster_parameters
-- Which settings, otherwise a superuser's, a role has been given.
select 'parameter ' || p.parname || ' (' || string_agg(lower(a.privilege_type), ', ') || ')',
       coalesce(r.rolname, 'public')
  from pg_parameter_acl p
 cross join aclexplode(p.paracl) a
  left join pg_roles r on r.oid = a.grantee
 where a.grantee <> 10
 group by p.parname, 2
 order by 1, 2;

-- name: cluster_defaults
-- What objects made later will give to whom.
select o.rolname, coalesce(n.nspname, ''), d.defaclobjtype::text, r.rolname, a.privilege_type
  from pg_default_acl d
  join pg_roles o on o.oid = d.defaclrole
  left join pg_namespace n on n.oid = d.defaclnamespace
 cross join aclexplode(d.defaclacl) a
  join pg_roles r on r.oid = a.grantee
 where a.grantee <> d.defaclrole
   and not (r.rolname = 'klover_application' and d.defaclobjtype = 'f')
 order by 1, 2, 3, 4, 5;

-- name: cluster_closed
-- Functions that Postgres closes to PUBLIC when a cluster is made, and whom they were given since.
select 'function ' || p.oid::regprocedure::text, coalesce(r.rolname, 'public')
  from pg_proc p
  join pg_init_privs i on i.classoid = 'pg_proc'::regclass and i.objoid = p.oid
 cross join aclexplode(p.proacl) a
  left join pg_roles r on r.oid = a.grantee
 where p.pronamespace = 'pg_catalog'::regnamespace and i.privtype = 'i'
   and a.grantee <> p.proowner
   and not exists (select from aclexplode(i.initprivs) was where was.grantee in (0, a.grantee))
 order by 1, 2;

-- name: cluster_catalogs
-- Relations of Postgres' own that hold values or secrets, and who has been given them, or columns
-- of them that were not everybody's from the beginning.
select distinct 'pg_catalog.' || c.relname, coalesce(r.rolname, 'public')
  from pg_class c
 cross join lateral (
   select x.grantee, x.privilege_type from aclexplode(c.relacl) x
   union all
   select x.grantee, x.privilege_type
     from pg_attribute t cross join aclexplode(t.attacl) x
    where t.attrelid = c.oid
      and not exists (select from pg_init_privs i cross join aclexplode(i.initprivs) was
                       where i.classoid = 'pg_class'::regclass and i.objoid = c.oid
                         and i.objsubid = t.attnum and was.grantee = x.grantee)) a
  left join pg_roles r on r.oid = a.grantee
 where c.relnamespace = 'pg_catalog'::regnamespace and a.grantee <> c.relowner
   and c.relname = any (array['pg_authid', 'pg_shadow', 'pg_statistic', 'pg_statistic_ext_data',
                              'pg_largeobject', 'pg_user_mapping', 'pg_subscription'])
   and a.privilege_type in ('SELECT', 'UPDATE', 'INSERT')
 order by 1, 2;
