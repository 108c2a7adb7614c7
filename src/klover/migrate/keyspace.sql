-- name: increment
-- Change the step first: from here on the sequence is locked until this transaction ends.
alter sequence {sequence} increment by {increment};

-- name: restart
-- Go on at a number that belongs to this side.
alter sequence {sequence} restart with {restart};

-- name: settings
-- How a sequence counts.
select s.seqincrement, s.seqstart, s.seqmin, s.seqmax, s.seqcycle
  from pg_sequence as s where s.seqrelid = {name}::regclass;

-- name: last
-- The last number given (with is_called false, none has been).
select last_value, is_called from {sequence};

-- name: highest
-- The highest number that stands in a column.
select coalesce(max({column}), 0)::bigint from {table};

-- name: known
-- What was decided for a sequence on one side before.
select increment, restart from klover.key_space
 where source = %(source)s and cell = %(cell)s and sequence = %(sequence)s and side = %(side)s;

-- name: keep
-- Keep what was decided for a sequence on one side.
insert into klover.key_space
  (source, cell, sequence, side, slot, slots, increment, restart)
values
  (%(source)s, %(cell)s, %(sequence)s, %(side)s, %(slot)s, %(slots)s, %(increment)s, %(restart)s)
on conflict (source, cell, sequence, side) do nothing;
