-- name: count
-- How many rows of a table fulfil a condition.
select count(*) from {table} where {condition};

-- name: estimate
-- How many the planner takes them to be.
explain (format json) select from {table} where {condition};

-- name: careful
-- Look, and not for long.
set transaction read only;

-- name: patience
-- A count that takes longer is estimated.
set local statement_timeout = '20s';
