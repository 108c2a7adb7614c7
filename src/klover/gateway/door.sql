-- name: door_views
-- The views of the session's own door and their columns, read anew for each session: what a
-- statement may show, and which oid and column number stand for which name in RowDescription.
-- Each row ends with what stands on the door, which is told even where it has no views.
select c.oid::pg_catalog.text, c.relname, a.attnum::pg_catalog.text, a.attname,
       coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
from pg_catalog.pg_namespace as n
left join (pg_catalog.pg_class as c
           join pg_catalog.pg_attribute as a
             on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
  on c.relnamespace = n.oid and c.relkind in ('v', 'm', 'r', 'p')
where n.nspname = $1
order by c.oid, a.attnum;

-- name: plates
-- What stands on every door.
select n.nspname, coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace'), '')
from pg_catalog.pg_namespace as n
where n.nspname like 'door\_%'
order by n.nspname
