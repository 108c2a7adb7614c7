-- name: lock
-- One change at a time, whichever process asks.
select pg_advisory_xact_lock(hashtextextended('klover.policy', 0));

-- name: create
-- The history of the policy: proposals and objections, each bound to all before it by its link.
-- Nothing is ever updated here: what stands is told by replaying it.
create schema if not exists klover;
create table if not exists klover.policy_entry (
  number integer primary key,
  kind text not null,
  at text not null,
  policy text not null,
  countries text not null,
  note text not null,
  link text not null
);

-- name: present
-- Whether that table is there.
select to_regclass('klover.policy_entry') is not null;

-- name: read
-- The whole history, in order.
select number, kind, at, policy, countries, note, link from klover.policy_entry order by number;

-- name: put
-- One more entry.
insert into klover.policy_entry (number, kind, at, policy, countries, note, link)
values (%(number)s, %(kind)s, %(at)s, %(policy)s, %(countries)s, %(note)s, %(link)s);

-- name: head
-- The last entry, for whoever watches.
select number, link from klover.policy_entry order by number desc limit 1;

-- name: clock
-- The server's clock.
select clock_timestamp();

-- name: wait_for_disk
-- What is told as committed has to outlive the server, whatever is its default.
select set_config('synchronous_commit', 'on', true)
 where current_setting('synchronous_commit') = 'off';
