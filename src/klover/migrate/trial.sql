-- name: twin
-- An empty table with the same columns, defaults, CHECK and NOT NULL constraints and indexes.
create temp table {twin}
  (like {table} including defaults including constraints including generated including indexes)
  on commit drop;

-- name: fill
-- The rows as they would stand under a projection.
insert into {twin} ({names})
select {values}
  from {table} as t
  join {marked} as g on {same};

-- name: drop
-- The twin is not needed any more.
drop table {twin};
