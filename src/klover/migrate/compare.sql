-- name: source_rows
-- Rows of the source in the order of their key, the key first.
copy (select {values} from {table} as t {join} order by {order}) to stdout (format binary);

-- name: enclave_members
-- The enclave's rows of people who live there.
copy (select {values} from {table} as t
       where not exists (select from klover.migration_guest as g
                          where g.source = {source} and g.cell = {cell}
                            and g.relation = {relation} and g.key = {key})
       order by {order}) to stdout (format binary);

-- name: enclave_guests
-- The enclave's rows of guests.
copy (select {values} from {table} as t
        join klover.migration_guest as g
          on g.source = {source} and g.cell = {cell} and g.relation = {relation} and g.key = {key}
       order by {order}) to stdout (format binary);

-- name: orphans
-- Rows whose declared reference leads nowhere.
select count(*)
  from {table} as t {scope}
 where {present} and not exists (select from {target} as p where {refers});
