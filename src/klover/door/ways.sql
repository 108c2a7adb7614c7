-- name: definers
-- Functions that run with their owner's rights, and whether anybody but their owner may call them.
select p.oid::regprocedure::text, o.rolname, o.rolsuper,
       p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype),
       coalesce(p.proconfig::text like '%search\_path=%', false), n.nspname,
       array(select coalesce(r.rolname, 'public')
               from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
               left join pg_roles r on r.oid = a.grantee
              where a.grantee <> p.proowner and a.privilege_type = 'EXECUTE' order by 1)
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_roles o on o.oid = p.proowner
 where p.prosecdef and p.oid >= 16384
 order by 1;

-- name: unasked
-- Functions with their owner's rights that Postgres runs for whoever sorts, compares, aggregates or
-- converts, without asking whether they may.
with run (oid, what) as (
  select m.amproc::oid, 'by an operator class' from pg_amproc m
  union all
  select unnest(array[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn,
                      g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]::oid[]),
         'by the aggregate ' || g.aggfnoid::regprocedure from pg_aggregate g
  union all
  select unnest(array[o.oprrest, o.oprjoin]::oid[]), 'by an operator''s estimate' from pg_operator o
  union all
  select unnest(array[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout,
                      t.typanalyze, t.typsubscript]::oid[]), 'by a type' from pg_type t
  union all
  select unnest(array[g.rngcanonical, g.rngsubdiff]::oid[]), 'by a range' from pg_range g
  union all
  select c.conproc::oid, 'by a conversion' from pg_conversion c
  union all
  select unnest(array[f.trffromsql, f.trftosql]::oid[]), 'by a transform' from pg_transform f)
select distinct p.oid::regprocedure::text, o.rolname, r.what
  from run r join pg_proc p on p.oid = r.oid join pg_roles o on o.oid = p.proowner
 where p.prosecdef
 order by 1, 3;

-- name: added
-- Functions that somebody made among Postgres' own.
select p.oid::regprocedure::text, o.rolname
  from pg_proc p join pg_roles o on o.oid = p.proowner
 where p.pronamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
   and p.oid >= 16384
   and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                      and d.deptype = 'e')
 order by 1;

-- name: languages
-- The languages that are not confined to the database.
select lanname from pg_language
 where not lanpltrusted and lanname not in ('internal', 'c')
 order by 1;

-- name: native
-- Functions of libraries that no extension brought, of a library that lies elsewhere than
-- extensions' do, and those that are another name for one of Postgres' own, which it may close. An
-- aggregate is written down as one, and is one where it is made of such a function.
select p.oid::regprocedure::text, l.lanname = 'internal',
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
         where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  from pg_proc p
  join pg_language l on l.oid = p.prolang
 where l.lanname in ('c', 'internal') and p.oid >= 16384
   and (p.prokind <> 'a'
        or exists (select from pg_aggregate g
                     join pg_init_privs i on i.classoid = 'pg_proc'::regclass
                      and i.objoid in (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn,
                                       g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn,
                                       g.aggmfinalfn)
                    where g.aggfnoid = p.oid and i.privtype = 'i'
                      and not exists (select from aclexplode(i.initprivs) a where a.grantee = 0)))
   and (l.lanname = 'c' and p.probin not like '$libdir/%'
        or not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                          and d.objid = p.oid and d.deptype = 'e'))
 order by 1;

-- name: extensions
-- What was added to Postgres in this database.
select extname from pg_extension order by 1;

-- name: event_triggers
-- Code that runs at DDL or log-in, whoever is at work.
select t.evtname, t.evtevent, p.oid::regprocedure::text
  from pg_event_trigger t
  join pg_proc p on p.oid = t.evtfoid
 where t.evtenabled <> 'D'
 order by 1;

-- name: foreign_servers
-- Servers that tables or functions can reach, with the roles that have credentials there.
select s.srvname, w.fdwname,
       array(select m.usename from pg_user_mappings m where m.srvid = s.oid order by 1)::text[]
  from pg_foreign_server s
  join pg_foreign_data_wrapper w on w.oid = s.srvfdw
 order by 1;

-- name: wrappers
-- Foreign-data wrappers that no server uses yet.
select w.fdwname from pg_foreign_data_wrapper w
 where not exists (select from pg_foreign_server s where s.srvfdw = w.oid)
 order by 1;

-- name: publications
-- What a subscriber elsewhere could be sent.
select p.pubname, case when p.puballtables then 'all tables' else
         (select count(*) from pg_publication_tables t where t.pubname = p.pubname) || ' tables' end
  from pg_publication p order by 1;

-- name: subscriptions
-- Connections that this server opens to others, with the credentials it keeps for them.
select subname from pg_subscription
 where subdbid = (select oid from pg_database where datname = current_database())
 order by 1;

-- name: slots
-- Replication slots: what is kept for a reader of changes, and by which plugin it is decoded.
select slot_name, slot_type, coalesce(plugin, ''), coalesce(database, '')
  from pg_replication_slots order by 1;

-- name: receivers
-- Who is reading the write-ahead log now.
select distinct coalesce(usename, ''), coalesce(application_name, '') from pg_stat_replication
 where pid is not null order by 1, 2;

-- name: server_settings
-- The server's settings that could carry data out, or bring code in; those we may see.
select name, setting from pg_settings where name = any (%s);

-- name: coming_settings
-- Those settings as the files have them, the last line of each, where that is to be something else
-- once the server has read them or is started again. What was given on the command line stays.
select f.name, f.setting
  from (select distinct on (name) name, setting from pg_file_settings
         where name = any (%s) order by name, seqno desc) f
  left join pg_settings s on s.name = f.name
 where s.source is distinct from 'command line' and f.setting is distinct from s.setting
 order by 1;

-- name: own_settings
-- An application's own settings of the server: each session reads them.
select name from pg_settings where name like '%.%' and source <> 'default' order by 1;

-- name: scoped_settings
-- Settings for databases and for roles that are no sessions: they come before the server's own.
select coalesce(d.datname, ''), coalesce(r.rolname, ''), s.setting
  from pg_db_role_setting x
  left join pg_roles r on r.oid = x.setrole
  left join pg_database d on d.oid = x.setdatabase
 cross join unnest(x.setconfig) s(setting)
 where coalesce(r.rolname, '') not like 'klover\_s\_%'
   and (x.setdatabase = 0 or d.datname = current_database())
 order by 1, 2, 3;

-- name: large_objects
-- Large objects by their owners and whoever was given them.
select coalesce(r.rolname, 'public'), count(distinct m.oid)
  from pg_largeobject_metadata m
 cross join aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) a
  left join pg_roles r on r.oid = a.grantee
 group by 1 order by 1;

-- name: tablespaces
-- Folders outside the server's own in which its files lie.
select spcname, pg_get_userbyid(spcowner), pg_tablespace_location(oid) from pg_tablespace
 where spcname not in ('pg_default', 'pg_global') order by 1;

-- name: own_functions
-- Functions of Klover's own that somebody but their owner may call, or only attach to a table.
select p.oid::regprocedure::text, coalesce(r.rolname, 'public'),
       p.prorettype = 'trigger'::regtype
  from pg_proc p
 cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  left join pg_roles r on r.oid = a.grantee
 where p.pronamespace in (select oid from pg_namespace
                           where nspname in ('klover', 'klover_pseudonym'))
   and a.grantee <> p.proowner
 order by 1, 2;
