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

-- name: looks_at
-- Which columns a table's constraint looks at.
select a.attname
  from pg_constraint as c
  join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
 where c.conname = %(constraint)s
   and c.conrelid = (select t.oid from pg_class as t
                       join pg_namespace as n on n.oid = t.relnamespace
                      where t.relname = %(name)s and n.nspname = %(schema)s)
 order by array_position(c.conkey, a.attnum);

-- name: drop
-- The twin is not needed any more.
drop table {twin};
