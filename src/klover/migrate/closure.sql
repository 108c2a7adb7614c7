-- name: members
-- The rows of a table that are inside (1), inside and somebody outside's too (2), or nobody's (0).
-- Rows that are only somebody outside's are left out: they are the rest.
create temp table {member} on commit drop as
select {keys},
       (case when ({inside}) then case when ({outside}) then 2 else 1 end else 0 end)::smallint
         as klover_state
  from {table} as t {joins}
 where ({inside}) or not ({outside});

-- name: subjects
-- The same for the subjects' own table.
create temp table {member} on commit drop as
select {keys}, 1::smallint as klover_state from {cohort} as t where t.klover_inside;

-- name: marked
-- An empty table for the keys of guests or stubs of a table.
create temp table {marked} on commit drop as
select {keys}, false as klover_public, 0::smallint as klover_round from {table} as t limit 0;

-- name: guests_of_members
-- Rows of others that the inside rows of a table refer to.
insert into {guest}
select distinct {found}, {public}, {round}::smallint
  from {table} as t
  join {member} as m on {same} and m.klover_state > 0
  join {target} as p on {refers}
 where not exists (select from {target_member} as x where {target_same} and x.klover_state > 0)
   and not exists (select from {guest} as x where {target_same});

-- name: guests_of_shared
-- Rows of others that the rows of a shared table refer to: those stand whole inside.
insert into {guest}
select distinct {found}, {public}, {round}::smallint
  from {table} as t
  join {target} as p on {refers}
 where not exists (select from {target_member} as x where {target_same} and x.klover_state > 0)
   and not exists (select from {guest} as x where {target_same});

-- name: guests_of_guests
-- Rows of others that the guests found in the last round refer to with what they keep.
insert into {guest}
select distinct {found}, {public}, {round}::smallint
  from {table} as t
  join {from_guest} as m on {same} and m.klover_round = {round} - 1 {kept}
  join {target} as p on {refers}
 where not exists (select from {target_member} as x where {target_same} and x.klover_state > 0)
   and not exists (select from {guest} as x where {target_same});

-- name: stubs_public
-- Inside rows that are public stay outside too, as stubs.
insert into {stub}
select {keys}, true, 0::smallint
  from {table} as t
  join {member} as m on {same} and m.klover_state > 0
 where {public};

-- name: stubs_mixed
-- Inside rows that are somebody outside's too. Public ones are stubs already: the rest is not.
insert into {stub}
select {keys}, false, 0::smallint
  from {table} as t
  join {member} as m on {same} and m.klover_state = 2
 where not exists (select from {stub} as x where {stub_same});

-- name: stubs_of_rest
-- Inside rows that the rows which stay outside in full refer to.
insert into {stub}
select distinct {found}, false, 0::smallint
  from {table} as t
  left join {member} as m on {same} and m.klover_state > 0
  join {target} as p on {refers}
  join {target_member} as y on {target_y} and y.klover_state > 0
 where m.klover_state is null
   and not exists (select from {stub} as x where {target_same});

-- name: stubs_of_shared
-- Inside rows that the rows of a shared table refer to: those stand whole outside.
insert into {stub}
select distinct {found}, false, 0::smallint
  from {table} as t
  join {target} as p on {refers}
  join {target_member} as y on {target_y} and y.klover_state > 0
 where not exists (select from {stub} as x where {target_same});

-- name: stubs_of_stubs
-- Inside rows that the stubs found in the last round refer to with what they keep.
insert into {stub}
select distinct {found}, false, {round}::smallint
  from {table} as t
  join {from_stub} as m on {same} and m.klover_round = {round} - 1 {kept}
  join {target} as p on {refers}
  join {target_member} as y on {target_y} and y.klover_state > 0
 where not exists (select from {stub} as x where {target_same});

-- name: counts
-- How the rows of a table are spread.
select count(*) filter (where klover_state > 0),
       count(*) filter (where klover_state = 2),
       count(*) filter (where klover_state = 0)
  from {member};

-- name: marks
-- How many guests or stubs a table has.
select count(*) from {marked};

-- name: rows
-- How many rows a table has.
select count(*) from {table};

-- name: key_holds
-- Whether a key that only the policy states tells every row apart.
select count(*) = count(distinct ({keys})) and count(*) filter (where not ({present})) = 0
  from {table} as t;

-- name: unlisted
-- Rows whose pair holds a value, but a type that no rule lists, or none.
select count(*)
  from {table} as t
 where {column} is not null and ({by} is null or {by}::text <> all ({values}::text[]));

-- name: large_objects
-- How many large objects there are: no table holds them.
select count(*) from pg_largeobject_metadata;

-- name: always
-- Triggers of the application that session_replication_role does not keep from firing.
select n.nspname, c.relname, min(t.tgname)
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  join pg_namespace n on n.oid = c.relnamespace
 where not t.tgisinternal and t.tgenabled in ('A', 'R')
 group by 1, 2;
