-- name: home_values
-- The distinct values of one piece of evidence of the undecided, with how many subjects have each.
-- A longer text is cut: it tells no country whatever follows.
select left(evidence.{column}::text collate "C", 201) as value, count(*)
  from {subjects} as s {joins}
 where evidence.{column}::text <> '' {undecided}
 group by 1
 order by 1;

-- name: look
-- For people, not run here: what stands in a column, the rare values first.
select {column}, count(*) from {table} group by 1 order by 2;

-- name: decided_before
-- Leaves out the subjects whom an earlier piece of evidence decided.
and not exists (select from {evidence} as e where {same} and e.inside is not null);

-- name: verdicts
-- What values mean: the country, and whether it is inside. Values that tell nothing are left out.
create temp table {verdicts} (value text collate "C" not null, country text not null,
                              inside boolean not null) on commit drop;

-- name: verdicts_into
-- Verdicts, as they are made.
copy {verdicts} (value, country, inside) from stdin;

-- name: evidence
-- What one piece of evidence says of each subject; of several values the strictest one counts.
create temp table {evidence} on commit drop as
select {keys}, bool_or(v.inside) as inside,
       coalesce(min(v.country) filter (where v.inside), min(v.country)) as country,
       bool_or(evidence.{column}::text <> '') as told
  from {subjects} as s {joins}
  left join {verdicts} as v on v.value = evidence.{column}::text collate "C"
 where true {undecided}
 group by {keys};

-- name: evidence_plain
-- The same where each subject has one value at most.
create temp table {evidence} on commit drop as
select {keys}, v.inside, v.country, evidence.{column}::text <> '' as told
  from {subjects} as s {joins}
  left join {verdicts} as v on v.value = evidence.{column}::text collate "C"
 where true {undecided};

-- name: cohort
-- Every subject with its verdict: the first piece of evidence that tells a country decides.
create temp table {cohort} on commit drop as
select {columns},
       coalesce({decided}, true) as klover_inside,
       ({decided}) is null as klover_undecided,
       coalesce({told}, false) as klover_told,
       {country} as klover_country,
       ({number})::smallint as klover_evidence
  from {subjects} as s {joins};

-- name: homes
-- How many subjects have each verdict.
select count(*) filter (where klover_inside),
       count(*) filter (where not klover_inside),
       count(*) filter (where klover_undecided),
       count(*) filter (where klover_undecided and not klover_told)
  from {cohort};

-- name: decided_by
-- How many subjects each piece of evidence decided, by the country that it told.
select klover_evidence, klover_country, klover_inside, count(*)
  from {cohort} where not klover_undecided
 group by 1, 2, 3
 order by 1, 4 desc, 2;
