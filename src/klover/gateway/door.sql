-- name: door_views
-- The views of the session's own door and their columns, read anew for each session: what a
-- statement may show, and which oid and column number stand for which name in RowDescription.
select c.oid::pg_catalog.text, c.relname, a.attnum::pg_catalog.text, a.attname
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid
where n.nspname = $1 and c.relkind in ('v', 'm', 'r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.oid, a.attnum
