-- name: lock
-- One migration per source and cell at a time; a killed one's lock goes with its session.
select pg_advisory_lock(hashtextextended('klover.migrate', 0));

-- name: create
-- The migration's own tables in the enclave. Everything is keyed by source and cell.
create schema if not exists klover;
create table if not exists klover.migration_run (
  source text not null,
  cell text not null,
  run text not null,
  phase text not null,
  policy text not null,
  plan jsonb,
  outcome jsonb not null default '{}',
  primary key (source, cell)
);
create table if not exists klover.migration_step (
  source text not null,
  cell text not null,
  run text not null,
  step text not null,
  attempt integer not null,
  begun timestamptz not null default clock_timestamp(),
  done timestamptz,
  subjects bigint not null default 0,
  rows bigint not null default 0,
  digest text not null default '',
  on_record boolean not null default false,
  primary key (source, cell, run, step, attempt)
);
create table if not exists klover.migration_subject (
  source text not null,
  cell text not null,
  key text not null,
  primary key (source, cell, key)
);
create table if not exists klover.subject_home (
  source text not null,
  cell text not null,
  key text not null,
  inside boolean not null,
  evidence smallint,
  country text,
  primary key (source, cell, key)
);
create table if not exists klover.home_evidence (
  source text not null,
  cell text not null,
  evidence smallint not null,
  kind text not null,
  path text not null,
  countries_edition text not null,
  addresses text,
  primary key (source, cell, evidence)
);
create table if not exists klover.migration_guest (
  source text not null,
  cell text not null,
  relation text not null,
  key text not null,
  primary key (source, cell, relation, key)
);
create table if not exists klover.migration_needle (
  source text not null,
  cell text not null,
  salt bytea not null,
  rate integer not null,
  shared bigint not null,
  digests bytea not null,
  primary key (source, cell)
);
create table if not exists klover.key_space (
  source text not null,
  cell text not null,
  sequence text not null,
  side text not null,
  slot integer not null,
  slots integer not null,
  increment bigint not null,
  restart bigint not null,
  primary key (source, cell, sequence, side)
);

-- name: present
-- Whether those tables are there.
select to_regclass('klover.migration_run') is not null;

-- name: read
-- Where a migration stands.
select run, phase, policy, plan, outcome
  from klover.migration_run where source = %(source)s and cell = %(cell)s;

-- name: others
-- Migrations of other sources that have put rows into this cell.
select source from klover.migration_run
 where cell = %(cell)s and source <> %(source)s and phase not in ('new', 'planned', 'checked');

-- name: begin
-- A migration begins.
insert into klover.migration_run (source, cell, run, phase, policy)
values (%(source)s, %(cell)s, %(run)s, %(phase)s, %(policy)s);

-- name: move
-- A migration has reached a phase.
update klover.migration_run
   set phase = %(phase)s, policy = %(policy)s,
       plan = coalesce(%(plan)s::jsonb, plan), outcome = outcome || %(outcome)s::jsonb
 where source = %(source)s and cell = %(cell)s;

-- name: step_begun
-- A step begins; each try has a number of its own.
insert into klover.migration_step (source, cell, run, step, attempt)
select %(source)s, %(cell)s, %(run)s, %(step)s, count(*) + 1
  from klover.migration_step
 where source = %(source)s and cell = %(cell)s and run = %(run)s and step = %(step)s
returning attempt;

-- name: step_done
-- A step is done.
update klover.migration_step
   set done = clock_timestamp(), subjects = %(subjects)s, rows = %(rows)s, digest = %(digest)s
 where source = %(source)s and cell = %(cell)s and run = %(run)s and step = %(step)s
   and attempt = (select max(attempt) from klover.migration_step
                   where source = %(source)s and cell = %(cell)s and run = %(run)s
                     and step = %(step)s);

-- name: unrecorded
-- Steps that were done but whose record may not be durable.
select step, attempt, subjects, rows, digest
  from klover.migration_step
 where source = %(source)s and cell = %(cell)s and done is not null and not on_record
 order by done;

-- name: recorded
-- A step's record is durable.
update klover.migration_step set on_record = true
 where source = %(source)s and cell = %(cell)s and run = %(run)s and step = %(step)s
   and attempt = %(attempt)s;

-- name: needles_put
-- Keep the digests of what is to be looked for after the erasure.
insert into klover.migration_needle (source, cell, salt, rate, shared, digests)
values (%(source)s, %(cell)s, %(salt)s, %(rate)s, %(shared)s, %(digests)s)
on conflict (source, cell) do update
   set salt = excluded.salt, rate = excluded.rate, shared = excluded.shared,
       digests = excluded.digests;

-- name: needles_get
-- Read them back.
select salt, rate, shared, digests
  from klover.migration_needle where source = %(source)s and cell = %(cell)s;

-- name: marker_create
-- The source's own note that its Europeans have gone home, in the transaction that erased them.
create schema if not exists klover;
create table if not exists klover.migrated (
  cell text not null, run text not null, source text not null, policy text not null,
  erased bigint not null, reduced bigint not null, digest text not null,
  at timestamptz not null default now(),
  primary key (source, cell)
);

-- name: marker_put
-- Leave the note.
insert into klover.migrated (source, cell, run, policy, erased, reduced, digest)
values (%(source)s, %(cell)s, %(run)s, %(policy)s, %(erased)s, %(reduced)s, %(digest)s);

-- name: marker_present
-- Whether the note's table is there.
select to_regclass('klover.migrated') is not null;

-- name: marker_get
-- Read the note; any migration's, ours first: a source's people go home once.
select run, erased, reduced, digest, source = %(source)s and cell = %(cell)s as ours
  from klover.migrated order by ours desc, at limit 1;

-- name: unlogged
-- Tables that a crash would empty and a standby never sees.
select n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence = 'u'
   and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
 order by 1, 2;

-- name: wait_for_disk
-- What a transaction tells as committed has to outlive the server, whatever is its default.
select set_config('synchronous_commit', 'on', false)
 where current_setting('synchronous_commit') = 'off';
