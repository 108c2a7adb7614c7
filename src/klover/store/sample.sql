-- name: rows
-- A few rows of one table, as text cut short; the table's first pages, or a sample of all of them.
select {columns} from {table} {tablesample} limit {limit};

-- name: column
-- One column of such a row.
left({column}::text, 200);

-- name: some_pages
-- A share of a large table's pages, in per cent: the same ones each time the table is the same.
tablesample system ({percent}) repeatable (1);

-- name: types
-- The distinct values of a column of few values, from a part of the table.
select left(value, 120)
  from (select {column}::text as value from {table} limit {rows}) part
 where value is not null
 group by 1
 order by 1
 limit {limit};

-- name: contained
-- Of some distinct values of a column, how many there are and how many stand in a key.
select count(*), count(found.here)
  from (select distinct value
          from (select {column} as value from {table} {tablesample} limit {rows}) part
         where value is not null
         limit {limit}) asked
  left join lateral (select 1 as here from {target} where {target_column} = asked.value limit 1)
         found on true;

-- name: contained_elements
-- The same of the elements of an array.
select count(*), count(found.here)
  from (select distinct value
          from (select unnest({column}) as value from {table} {tablesample} limit {rows}) part
         where value is not null
         limit {limit}) asked
  left join lateral (select 1 as here from {target} where {target_column} = asked.value limit 1)
         found on true;
