-- name: home_values
-- The distinct values of one piece of evidence, with how many subjects have each.
select evidence.{column}::text, count(*)
  from {subjects} as s {joins}
 group by 1
 order by 1 nulls first
 limit {limit};

-- name: home_verdicts
-- What those values mean: inside, outside, or (NULL) unknown.
create temp table {verdicts} on commit drop as
select * from unnest(%s::text[], %s::boolean[]) as v (value, inside);

-- name: evidence
-- What one piece of evidence says of each subject; of several values the strictest one counts.
create temp table {evidence} on commit drop as
select {keys}, bool_or(v.inside) as inside, bool_or(evidence.{column}::text <> '') as told
  from {subjects} as s {joins}
  left join {verdicts} as v on v.value = evidence.{column}::text
 group by {keys};

-- name: evidence_plain
-- The same where each subject has one value at most.
create temp table {evidence} on commit drop as
select {keys}, v.inside, evidence.{column}::text <> '' as told
  from {subjects} as s {joins}
  left join {verdicts} as v on v.value = evidence.{column}::text;

-- name: cohort
-- Every subject with its verdict: the first piece of evidence that is known decides.
create temp table {cohort} on commit drop as
select {columns},
       coalesce({decided}, true) as klover_inside,
       ({decided}) is null as klover_undecided,
       coalesce({told}, false) as klover_told
  from {subjects} as s {joins};

-- name: homes
-- How many subjects have each verdict.
select count(*) filter (where klover_inside),
       count(*) filter (where not klover_inside),
       count(*) filter (where klover_undecided),
       count(*) filter (where klover_undecided and not klover_told)
  from {cohort};
