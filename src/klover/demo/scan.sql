-- name: text_columns
-- Every column that can hold text, by table: whatever is no number, truth value, enum or moment.
SELECT class.relname::text,
       array_agg(attribute.attname::text ORDER BY attribute.attnum)
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid
  JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
 WHERE class.relnamespace = 'public'::regnamespace
   AND class.relkind = 'r'
   AND attribute.attnum > 0
   AND NOT attribute.attisdropped
   AND type.typcategory NOT IN ('N', 'B', 'D', 'T', 'E')
 GROUP BY class.relname
 ORDER BY class.relname

-- name: read_texts
-- The text columns of one table in one line a row. concat_ws writes values as clients see them.
COPY (SELECT pg_catalog.concat_ws(' ', {columns}) FROM {table}) TO STDOUT
