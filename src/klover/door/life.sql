-- name: tables
-- What Klover remembers of its doors: their versions, which are suspended, what they were built
-- on, and what PUBLIC had before. Only their owner reads them.
create table if not exists klover.door_version (
  number int primary key, applied timestamptz not null, policy text not null, doors text not null,
  countries text not null, statements int not null);
create table if not exists klover.door_suspension (
  schema text primary key, since timestamptz not null);
create table if not exists klover.door_ground (
  kind text not null, relation bigint not null, number bigint not null, schema text not null,
  name text not null, part text not null, detail text not null);
create table if not exists klover.door_right (
  taken boolean not null, kind text not null, what text not null, part text not null,
  privilege text not null, primary key (taken, kind, what, part, privilege));

-- name: tables_there
-- Whether those tables stand.
select to_regclass('klover.door_version') is not null
   and to_regclass('klover.door_suspension') is not null
   and to_regclass('klover.door_ground') is not null
   and to_regclass('klover.door_right') is not null;

-- name: versions
-- Every version there was, the latest first.
select number, to_char(applied at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), policy, doors,
       countries, statements
  from klover.door_version order by number desc;

-- name: latest
-- The version that stands.
select number, to_char(applied at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), policy, doors,
       countries, statements
  from klover.door_version order by number desc limit 1;

-- name: add_version
-- Note one more version; tells its number.
insert into klover.door_version
select coalesce(max(number), 0) + 1, %s, %s, %s, %s, %s from klover.door_version
returning number;

-- name: suspensions
-- The doors that are suspended, and since when.
select schema, to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from klover.door_suspension order by 1;

-- name: suspend
-- Note that a door is suspended; the first time counts.
insert into klover.door_suspension values (%s, %s) on conflict do nothing;

-- name: resume
-- Note that doors are no longer suspended.
delete from klover.door_suspension where schema = any (%s);

-- name: door_schemas
-- The schemas of doors that stand: those with a plate, or that let a door's role in.
select nspname from pg_namespace
 where nspname like 'door\_%'
   and (obj_description(oid, 'pg_namespace') like 'Klover''s door, version %'
        or nspacl::text like '%klover\_door\_%')
 order by 1;

-- name: foreign
-- What is called as Klover's objects are, and is none of them.
select 'schema', nspname::text from pg_namespace
 where nspname like 'door\_%%'
   and coalesce(obj_description(oid, 'pg_namespace'), '') not like 'Klover''s door, version %%'
   and coalesce(nspacl::text, '') not like '%%klover\_door\_%%'
union all
select 'column', format('%%s.%%s.%%s', n.nspname, c.relname, a.attname)
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where a.attname like 'klover\_p\_%%' and not a.attisdropped and a.attnum > 0
   and c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't'
   and (a.attname !~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
        or a.atttypid not in ('uuid'::regtype, 'uuid[]'::regtype))
union all
select 'constraint', format('%%s on %%s.%%s', k.conname, n.nspname, c.relname)
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.conname like 'klover\_p\_%%' and k.contype = 'c'
   and k.conname !~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
union all
select 'table', format('%%s.%%s', n.nspname, c.relname)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where n.nspname in ('klover', 'klover_pseudonym') and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and format('%%s.%%s', n.nspname, c.relname) <> all (%(own)s)
 order by 1, 2;

-- name: make_counting
-- By which word the counts of each door's days are known. One at a time: the lock is held to the end.
create table if not exists klover.door_counting (
  schema text primary key, word text not null, since timestamptz not null);
lock table klover.door_counting in share row exclusive mode;

-- name: counting
-- The word of each door, and since when it is another folder's or a later one.
select schema, word, to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  from klover.door_counting;

-- name: go_on_counting
-- The counts go on: every door that knows them learns their new word, served now or not.
update klover.door_counting set word = %(word)s where word = any (%(words)s);

-- name: count
-- Doors go by these counts from now on.
insert into klover.door_counting
select schema, %(word)s, %(time)s::timestamptz from unnest(%(schemas)s::text[]) schema
    on conflict (schema) do update set word = excluded.word, since = excluded.since
 where door_counting.word <> excluded.word;

-- name: is_superuser
select rolsuper from pg_roles where rolname = current_user;

-- name: doors_in
-- The other databases of the cluster in which roles of doors have anything, and whose doors.
select d.datname,
       array_agg(distinct regexp_replace(r.rolname, '^klover_(owner|door)_', 'door_')::text
                 order by regexp_replace(r.rolname, '^klover_(owner|door)_', 'door_')::text)
  from pg_shdepend s
  join pg_roles r on s.refclassid = 'pg_authid'::regclass and r.oid = s.refobjid
  join pg_database d
    on d.oid = case when s.classid = 'pg_database'::regclass then s.objid else s.dbid end
 where r.rolname like any (array['klover\_owner\_%', 'klover\_door\_%'])
   and d.datname <> current_database()
 group by d.datname
 order by 1;

-- name: in_schemas
-- What stands in given schemas.
select n.nspname, c.relname, c.relkind::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = any (%s) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
 order by 1, 2;

-- name: usages
-- Klover's roles that may look into given schemas.
select n.nspname, r.rolname
  from pg_namespace n
 cross join aclexplode(n.nspacl) a
  join pg_roles r on r.oid = a.grantee
 where n.nspname = any (%s) and a.grantee <> n.nspowner
 order by 1, 2;

-- name: hooks
-- Klover's triggers on relations; a partition's go with its parent's.
select n.nspname, c.relname, t.tgname
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
 where p.pronamespace = to_regnamespace('klover_pseudonym') and not t.tgisinternal
   and t.tgparentid = 0
 order by 1, 2, 3;

-- name: checks
-- Klover's constraints on relations; an heir's go with its parent's.
select n.nspname, c.relname, k.conname
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.conname ~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$' and k.coninhcount = 0
 order by 1, 2, 3;

-- name: shown_by
-- The schemas of doors whose views show any of the stored columns named of a relation.
select distinct n.nspname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace s on s.oid = c.relnamespace
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid
   and d.refobjsubid = a.attnum and d.classid = 'pg_rewrite'::regclass
  join pg_rewrite w on w.oid = d.objid
  join pg_class v on v.oid = w.ev_class
  join pg_namespace n on n.oid = v.relnamespace
 where s.nspname = %(schema)s and c.relname = %(table)s and a.attname = any (%(names)s)
   and n.nspname like 'door\_%%'
 order by 1;

-- name: stored
-- Klover's columns of relations; an heir's go with its parent's.
select n.nspname, c.relname, a.attname
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where a.attname ~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
   and a.attnum > 0 and not a.attisdropped
   and a.atttypid in ('uuid'::regtype, 'uuid[]'::regtype)
   and a.attinhcount = 0 and c.relkind in ('r', 'p') and n.nspname not like 'klover%'
 order by 1, 2, 3;

-- name: own_functions
-- The functions in Klover's schemas.
select n.nspname, p.oid::regprocedure::text
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
 where n.nspname = 'klover_pseudonym'
 order by 1, 2;

-- name: left_in
-- How much stands in a schema.
select (select count(*) from pg_class where relnamespace = to_regnamespace(%(schema)s))
     + (select count(*) from pg_proc where pronamespace = to_regnamespace(%(schema)s))
     + (select count(*) from pg_type where typnamespace = to_regnamespace(%(schema)s));

-- name: given
-- What a role was given of relations, columns and schemas in this database, as GRANT names it.
select case when c.relkind = 'S' then 'sequence' else 'table' end,
       format('%%I.%%I', n.nspname, c.relname), null, a.privilege_type
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(c.relacl) a
 where a.grantee = to_regrole(%(role)s) and a.grantee <> c.relowner
union all
select 'table', format('%%I.%%I', n.nspname, c.relname), t.attname, a.privilege_type
  from pg_attribute t
  join pg_class c on c.oid = t.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(t.attacl) a
 where a.grantee = to_regrole(%(role)s) and not t.attisdropped
union all
select 'schema', format('%%I', n.nspname), null, a.privilege_type
  from pg_namespace n
 cross join aclexplode(n.nspacl) a
 where a.grantee = to_regrole(%(role)s) and a.grantee <> n.nspowner
 order by 1, 2, 3, 4;

-- name: own_roles
-- Klover's roles; whether other databases need them; what the server's own rules say of them.
select r.rolname,
       exists (select from pg_shdepend d
                where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
                  and d.dbid not in (0, (select oid from pg_database
                                          where datname = current_database()))),
       exists (select from pg_hba_file_rules h
                where h.error is null and (r.rolname = any (h.user_name)
                                           or '+' || r.rolname = any (h.user_name)))
  from pg_roles r
 where r.rolname like any (array['klover\_owner\_%', 'klover\_door\_%', 'klover\_s\_%',
                                 'klover\_session', 'klover\_application', 'klover\_keeper',
                                 'klover\_watch'])
 order by 1;

-- name: rights
-- What PUBLIC and the applications' role may do: the objects as GRANT names them.
select a.grantee = 0, 'routine', p.oid::regprocedure::text, '', a.privilege_type
  from pg_proc p
 cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
 where a.grantee in (0, to_regrole('klover_application'))
union all
select a.grantee = 0, case when c.relkind = 'S' then 'sequence' else 'table' end,
       format('%I.%I', n.nspname, c.relname), '', a.privilege_type
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(c.relacl) a
 where a.grantee in (0, to_regrole('klover_application'))
   and n.nspname not like 'door\_%' and n.nspname not in ('klover', 'klover_pseudonym')
union all
select a.grantee = 0, 'table', format('%I.%I', n.nspname, c.relname), t.attname, a.privilege_type
  from pg_attribute t
  join pg_class c on c.oid = t.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 cross join aclexplode(t.attacl) a
 where a.grantee in (0, to_regrole('klover_application')) and not t.attisdropped
   and n.nspname not like 'door\_%' and n.nspname not in ('klover', 'klover_pseudonym')
union all
select a.grantee = 0, 'schema', format('%I', n.nspname), '', a.privilege_type
  from pg_namespace n
 cross join aclexplode(n.nspacl) a
 where a.grantee in (0, to_regrole('klover_application'))
   and n.nspname not like 'door\_%' and n.nspname not in ('klover', 'klover_pseudonym')
union all
select a.grantee = 0, 'database', format('%I', d.datname), '', a.privilege_type
  from pg_database d
 cross join aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
 where a.grantee in (0, to_regrole('klover_application'))
union all
select a.grantee = 0, 'language', format('%I', l.lanname), '', a.privilege_type
  from pg_language l
 cross join aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) a
 where a.grantee in (0, to_regrole('klover_application'))
union all
select a.grantee = 0, 'routines to come', current_user, '', a.privilege_type
  from pg_roles r
  left join pg_default_acl d
    on d.defaclrole = r.oid and d.defaclnamespace = 0 and d.defaclobjtype = 'f'
 cross join aclexplode(coalesce(d.defaclacl, acldefault('f', r.oid))) a
 where r.rolname = current_user and a.grantee in (0, to_regrole('klover_application'));

-- name: note_right
-- Note what PUBLIC lost (taken) or the applications' role was given; the first time counts.
insert into klover.door_right values (%s, %s, %s, %s, %s) on conflict do nothing;

-- name: noted_rights
-- What was noted.
select taken, kind, what, part, privilege from klover.door_right order by 1, 2, 3, 4, 5;

-- name: ground
-- What doors are built on, by the numbers that outlive a renaming: relations (a view with a digest
-- of its query and of those below it), columns, keys, the triggers of partitions (a detached one
-- loses its own), and (once they stand) which views read which columns.
with recursive relation as (
  select c.oid, n.nspname, c.relname, c.relkind,
         (select format('%s.%s', pn.nspname, pc.relname)
            from pg_inherits i
            join pg_class pc on pc.oid = i.inhparent
            join pg_namespace pn on pn.oid = pc.relnamespace
           where i.inhrelid = c.oid and c.relispartition) as parent
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
     and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
     and n.nspname not like 'door\_%' and n.nspname not in ('klover', 'klover_pseudonym')
     and not exists (select from pg_depend d
                      where d.classid = 'pg_class'::regclass and d.objid = c.oid
                        and d.deptype = 'e')),
below (top, oid) as (
  select r.oid, r.oid from relation r where r.relkind in ('v', 'm')
  union
  select b.top, v.oid
    from below b
    join pg_rewrite w on w.ev_class = b.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
     and d.refclassid = 'pg_class'::regclass
    join pg_class v on v.oid = d.refobjid and v.relkind in ('v', 'm')),
asked as (
  select b.top, encode(sha256(convert_to(string_agg(w.ev_action::text, ' ' order by w.oid),
                                         'UTF8')), 'hex') as digest
    from below b join pg_rewrite w on w.ev_class = b.oid
   group by b.top)
select 'relation', r.oid::bigint, 0::bigint, r.nspname::text, r.relname::text, '',
       case when r.parent is not null then format('%s of %s', r.relkind, r.parent)
            when q.digest is not null then format('%s asks %s', r.relkind, q.digest)
            else r.relkind::text end
  from relation r left join asked q on q.top = r.oid
union all
select 'column', r.oid, a.attnum, r.nspname, r.relname, a.attname,
       format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
  from relation r join pg_attribute a on a.attrelid = r.oid
 where a.attnum > 0 and not a.attisdropped and r.parent is null
   and a.attname !~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
union all
select 'key', r.oid, k.oid, r.nspname, r.relname, k.conname,
       format('%s %s %s %s', k.contype, k.conkey, k.confrelid, k.confkey)
  from relation r join pg_constraint k on k.conrelid = r.oid
 where k.contype in ('p', 'u', 'f') and k.conparentid = 0 and r.parent is null
union all
select 'hook', r.oid, t.oid, r.nspname, r.relname, t.tgname, ''
  from relation r
  join pg_trigger t on t.tgrelid = r.oid
  join pg_proc p on p.oid = t.tgfoid
 where r.parent is not null and p.pronamespace = to_regnamespace('klover_pseudonym')
union all
select distinct 'read', d.refobjid::bigint, d.refobjsubid::bigint, n.nspname::text,
       c.relname::text, '', ''
  from pg_rewrite w
  join pg_class c on c.oid = w.ev_class
  join pg_namespace n on n.oid = c.relnamespace
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
   and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid and d.refobjsubid > 0
  join relation r on r.oid = d.refobjid
 where n.nspname like 'door\_%';

-- name: noted_ground
-- What the doors were built on when they were applied.
select kind, relation, number, schema, name, part, detail from klover.door_ground;

-- name: forget_ground
-- Forget it.
delete from klover.door_ground;

-- name: note_ground
-- Note it anew.
insert into klover.door_ground {ground};

-- name: schema_there
-- Whether a schema stands.
select exists (select from pg_namespace where nspname = %s);

-- name: doors_elsewhere
-- Whether another database of the cluster has doors.
select exists (
  select from pg_shdepend d
    join pg_roles r on d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
   where r.rolname like 'klover\_door\_%'
     and d.dbid not in (0, (select oid from pg_database where datname = current_database())));

-- name: object_there
-- Whether an object stands that GRANT would name so.
select case %(kind)s
         when 'routine' then to_regprocedure(%(what)s) is not null
           or exists (select from pg_proc where oid::regprocedure::text = %(what)s)
         when 'table' then to_regclass(%(what)s) is not null
         when 'sequence' then to_regclass(%(what)s) is not null
         when 'schema' then to_regnamespace(%(what)s) is not null
         when 'database' then exists (select from pg_database
                                       where format('%%I', datname) = %(what)s)
         when 'language' then exists (select from pg_language
                                       where format('%%I', lanname) = %(what)s)
         else true end;

-- name: end_sessions
-- End the sessions of given doors on this server, but for the gateway's seat, which shows nothing:
-- it has the door's first role to itself, since each lets one in.
select count(pg_terminate_backend(a.pid))
  from pg_stat_activity a
  join pg_namespace n on n.nspname = any (%s)
 where a.datname = current_database()
   and (a.application_name = 'klover seat' and a.state = 'idle' and a.usename ~ '_01$') is not true
   and regexp_replace(a.usename, '^klover_s_(.*)_[0-9]+$', 'door_\1') = n.nspname;

-- name: count_sessions
-- Count them.
select count(*)
  from pg_stat_activity a
  join pg_namespace n on n.nspname = any (%s)
 where a.datname = current_database()
   and (a.application_name = 'klover seat' and a.state = 'idle' and a.usename ~ '_01$') is not true
   and regexp_replace(a.usename, '^klover_s_(.*)_[0-9]+$', 'door_\1') = n.nspname;
