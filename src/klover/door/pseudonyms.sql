-- name: has_keys
-- Whether the table of keys stands.
select to_regclass('klover_pseudonym.key') is not null;

-- name: keeper_reads
-- Whether the functions' owner may read the keys.
select coalesce((select has_table_privilege(r.oid, to_regclass('klover_pseudonym.key'), 'select')
                   from pg_roles r where r.rolname = 'klover_keeper'), false);

-- name: epochs
-- Which keys there are; never what they are.
select audience, epoch, state from klover_pseudonym.key order by 1, 2;

-- name: readers
-- Who may read or change the keys beside their owner: roles that read everything left out.
select r.rolname, has_table_privilege(r.oid, c.oid, 'insert, update, delete, truncate, trigger')
  from pg_class c
 cross join pg_roles r
 where c.oid = to_regclass('klover_pseudonym.key') and r.oid <> c.relowner and not r.rolsuper
   and not pg_has_role(r.oid, 'pg_read_all_data', 'member')
   and not pg_has_role(r.oid, 'pg_write_all_data', 'member')
   and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
        or has_table_privilege(r.oid, c.oid, 'delete, truncate, trigger'))
 order by 1;

-- name: shared_keys
-- Audiences or epochs that have one key: their pseudonyms would be the same.
select one.audience, one.epoch, other.audience, other.epoch
  from klover_pseudonym.key one
  join klover_pseudonym.key other
    on (one.ipad = other.ipad or one.opad = other.opad)
   and (one.audience, one.epoch) < (other.audience, other.epoch)
 order by 1, 2, 3, 4;

-- name: listeners
-- Code that runs when somebody touches the keys.
select t.tgname from pg_trigger t where t.tgrelid = to_regclass('klover_pseudonym.key')
union all
select w.rulename from pg_rewrite w where w.ev_class = to_regclass('klover_pseudonym.key')
 order by 1;

-- name: keeper_reach
-- What the functions' owner can do beside reading the keys.
select format('%s.%s', n.nspname, c.relname)
  from pg_roles r
 cross join pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where r.rolname = 'klover_keeper' and c.relkind in ('r', 'p', 'v', 'm', 'f')
   and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_toast%'
   and c.oid is distinct from to_regclass('klover_pseudonym.key')
   and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')
        or has_table_privilege(r.oid, c.oid, 'delete, truncate, trigger'))
union all
select 'a power' from pg_roles r
 where r.rolname = 'klover_keeper'
   and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
        or r.rolcanlogin)
union all
select 'role ' || g.rolname
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
 where m.rolname = 'klover_keeper'
 order by 1;

-- name: columns
-- The stored columns that stand, by the table they were made on.
select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_namespace n on n.oid = c.relnamespace
 where a.attname ~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$'
   and not a.attisdropped and a.attinhcount = 0
   and c.relkind in ('r', 'p') and c.relpersistence <> 't'
 order by 1, 2, 3;

-- name: keepers
-- The functions that compute them; noted is what their text was when they were made.
select p.proname, p.prosrc, p.prosecdef and r.rolname = 'klover_keeper' and l.lanname = 'plpgsql'
       and p.prorettype = 'trigger'::regtype, coalesce(p.proconfig, '{}'),
       obj_description(p.oid, 'pg_proc')
         is not distinct from encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'),
       not exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                    where a.grantee <> p.proowner)
  from pg_proc p
  join pg_roles r on r.oid = p.proowner
  join pg_language l on l.oid = p.prolang
 where p.pronamespace = to_regnamespace('klover_pseudonym')
 order by 1;

-- name: close
-- Take a function from all who were given it, by default or by hand.
do $$
declare
  grantee text;
  target regprocedure := {function}::regprocedure;
begin
  for grantee in
    select distinct case a.grantee when 0 then 'public'
                    else quote_ident(pg_get_userbyid(a.grantee)) end
      from pg_proc p
     cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
     where p.oid = target and a.grantee <> p.proowner
  loop
    execute format('revoke all on function %s from %s cascade', target, grantee);
  end loop;
end $$;

-- name: triggers
-- The triggers that call them, and for which updates ('true' for all, '' for inserts): right when
-- they fire before each row, always.
select n.nspname, c.relname, t.tgname, p.proname,
       coalesce(substring(pg_get_triggerdef(t.oid) from 'WHEN \((.*)\) EXECUTE FUNCTION'),
                case t.tgtype when 7 then '' else 'true' end),
       t.tgenabled = 'A' and (t.tgtype = 19 or t.tgtype = 7 and t.tgqual is null)
         and t.tgattr::text = '' and not t.tgdeferrable
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
 where p.pronamespace = to_regnamespace('klover_pseudonym') and not t.tgisinternal
 order by 1, 2, 3;

-- name: later
-- Triggers that fire after those and may change the row once more.
select n.nspname, c.relname, t.tgname
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_proc p on p.oid = t.tgfoid
 where t.tgtype & 3 = 3 and t.tgtype & 20 <> 0 and not t.tgisinternal
   and p.pronamespace is distinct from to_regnamespace('klover_pseudonym')
   and exists (select from pg_trigger o join pg_proc q on q.oid = o.tgfoid
                where o.tgrelid = t.tgrelid
                  and q.pronamespace = to_regnamespace('klover_pseudonym')
                  and t.tgname > o.tgname collate "C")
 order by 1, 2, 3;

-- name: checks
-- What holds of stored columns, and whether it was found to hold of every row.
select n.nspname, c.relname, k.conname, k.convalidated and not k.connoinherit
         and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true),
       pg_get_expr(k.conbin, k.conrelid)
  from pg_constraint k
  join pg_class c on c.oid = k.conrelid
  join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'c' and k.conname like 'klover\_p\_%' and k.coninhcount = 0
 order by 1, 2, 3;

-- name: indexes
-- The indexes on stored columns; right when they are complete and plain.
select n.nspname, c.relname, i.relname, a.attname, x.indisunique,
       x.indisvalid and x.indisready and x.indnatts = 1 and x.indpred is null
  from pg_index x
  join pg_class c on c.oid = x.indrelid
  join pg_class i on i.oid = x.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
 where i.relname like 'klover\_p\_%'
 order by 1, 2, 3;

-- name: leading
-- The columns by which the application's own indexes begin.
select distinct n.nspname, c.relname, a.attname
  from pg_index x
  join pg_class c on c.oid = x.indrelid
  join pg_class i on i.oid = x.indexrelid
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum = x.indkey[0]
 where a.attname !~ '^klover_p_[a-z0-9_]*_[0-9a-f]{12}$' and i.relkind = 'i' and x.indisvalid
   and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
 order by 1, 2, 3;

-- name: relations
-- What inherits from what, at any depth; each relation from itself, too.
with recursive below (top, oid) as (
  select c.oid, c.oid from pg_class c
   where c.relkind in ('r', 'p') and c.relpersistence <> 't'
     and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace,
                                'pg_toast'::regnamespace)
  union
  select b.top, i.inhrelid from below b join pg_inherits i on i.inhparent = b.oid)
select tn.nspname, t.relname, n.nspname, c.relname, c.relkind::text, c.relispartition
  from below b
  join pg_class t on t.oid = b.top
  join pg_namespace tn on tn.oid = t.relnamespace
  join pg_class c on c.oid = b.oid
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not t.relispartition
 order by 1, 2, 3, 4;

-- name: has_ground
-- Whether it was noted what doors rest on.
select to_regclass('klover.door_ground') is not null;

-- name: reattached
-- Partitions that were detached and attached again since that was noted: their triggers are new.
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relispartition and c.relkind = 'r'
   and exists (select from klover.door_ground g where g.kind = 'hook' and g.relation = c.oid)
   and exists (select from pg_trigger t
                 join pg_proc p on p.oid = t.tgfoid
                where t.tgrelid = c.oid and p.pronamespace = to_regnamespace('klover_pseudonym')
                  and not exists (select from klover.door_ground g
                                   where g.kind = 'hook' and g.relation = c.oid
                                     and g.number = t.oid))
 order by 1, 2;

-- name: has_refills
-- Whether pseudonyms are or were being computed anew, page by page.
select to_regclass('klover.door_refill') is not null;

-- name: make_refills
-- How far each keeper's relations are: the pages that one had when its triggers came back, and the
-- next one to do; the triggers and the file of which this is true.
create table if not exists klover.door_refill (
  keeper text not null, relation oid not null, hooks oid[] not null, filenode oid not null,
  pages bigint not null, next bigint not null, primary key (keeper, relation));

-- name: begin_refill
-- Begin with a relation's first page; nothing is stale beyond those that it has now.
insert into klover.door_refill
select %(keeper)s::text, c.oid,
       array(select t.oid from pg_trigger t join pg_proc p on p.oid = t.tgfoid
              where t.tgrelid = c.oid and p.proname = %(keeper)s::text
                and p.pronamespace = to_regnamespace('klover_pseudonym') order by 1),
       pg_relation_filenode(c.oid),
       pg_relation_size(c.oid) / current_setting('block_size')::int, 0
  from pg_class c where c.oid = %(relation)s::regclass
on conflict (keeper, relation) do update
   set hooks = excluded.hooks, filenode = excluded.filenode, pages = excluded.pages, next = 0;

-- name: go_on_refill
-- Note that the pages before one are done: none, where they are no longer those it began with. Who
-- asks has the relation locked, so that they stay what they are until it is noted.
update klover.door_refill set next = %(next)s
 where keeper = %(keeper)s and relation = %(relation)s::regclass
   and filenode = pg_relation_filenode(relation);

-- name: forget_refills
-- Forget them: what stands is trusted, or not, by its triggers again.
delete from klover.door_refill;

-- name: refills
-- How far each is; whether its triggers were there all the time (a partition that was detached has
-- others), and whether these are still its pages (a table that was written anew has others).
select r.keeper, n.nspname, c.relname, r.pages, r.next,
       r.hooks = array(select t.oid from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                        where t.tgrelid = c.oid and p.proname = r.keeper
                          and p.pronamespace = to_regnamespace('klover_pseudonym') order by 1),
       pg_relation_filenode(c.oid) = r.filenode
  from klover.door_refill r
  join pg_class c on c.oid = r.relation
  join pg_namespace n on n.oid = c.relnamespace
 order by 1, 2, 3;

-- name: keyless
-- Relations whose rows a subscription brings and that have no key of their own: a row that is
-- changed or deleted elsewhere is looked for by all of its columns, and ours are not sent.
-- https://www.postgresql.org/docs/18/logical-replication-publication.html
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r'
   and not exists (select from pg_index x
                    where x.indrelid = c.oid and (x.indisprimary or x.indisreplident))
   and exists (select from pg_subscription_rel s
                where s.srrelid = c.oid
                   or c.relispartition
                      and s.srrelid in (select relid from pg_partition_ancestors(c.oid)))
 order by 1, 2;

-- name: size
-- How many pages a relation has.
select pg_relation_size({relation}::regclass) / current_setting('block_size')::int;

-- name: make_keys
-- The keys of pseudonyms, ready for HMAC: the key's block over 0x36 and over 0x5c.
create table klover_pseudonym.key (
  audience text not null,
  epoch int not null check (epoch > 0),
  ipad bytea not null check (octet_length(ipad) = 64),
  opad bytea not null check (octet_length(opad) = 64),
  state text not null check (state in ('coming', 'current', 'previous')),
  primary key (audience, epoch),
  unique (audience, state));

-- name: make_key
-- A new key, made by the server of 488 random bits: it stands in no statement and in no plan.
insert into klover_pseudonym.key (audience, epoch, ipad, opad, state)
with drawn as materialized (
  select sha256(string_agg(uuid_send(gen_random_uuid()), ''::bytea)) as secret
    from generate_series(1, 4)),
 byte as (
  select at, case when at < 32 then get_byte(secret, at) else 0 end as value
    from drawn, generate_series(0, 63) at)
select {audience}, {epoch},
       string_agg(set_byte('\x00'::bytea, 0, value # 54), ''::bytea order by at),
       string_agg(set_byte('\x00'::bytea, 0, value # 92), ''::bytea order by at),
       {state}
  from byte;
