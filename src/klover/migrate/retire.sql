-- name: lock
-- Nobody writes while rows are compared for the last time and erased; everybody may read.
lock table {tables} in share row exclusive mode;

-- name: erase
-- Inside rows that do not stay in any form.
delete from {table} as t
 using {member} as m
 where {same} and m.klover_state > 0
   and not exists (select from {stub} as x where {stub_same});

-- name: reduce
-- Inside rows that stay as stubs keep their declared columns only.
update {table} as t
   set {changes}
  from {stub} as g
 where {same};

-- name: due
-- How many rows are inside, and of how many of them a stub stays.
select (select count(*) from {member} where klover_state > 0), (select count(*) from {stub});

-- name: left_over
-- Rows that refer to one that was erased.
select count(*)
  from {table} as t
  join {member} as m on {refers} and m.klover_state > 0
 where {present} and not exists (select from {stub} as x where {stub_same});

-- name: lock_timeout
-- A lock that is not to be had soon is not waited for: applications would queue behind us.
set local lock_timeout = '10s';
