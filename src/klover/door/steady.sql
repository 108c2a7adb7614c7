-- name: show
-- The condition as Postgres understood it, kept for as long as the transaction is not taken back.
create temporary view klover_check as select from {table} where (({text}) is true);

-- name: unsteady
-- What in it answers by what the session has set: functions that say so of themselves, words that
-- stand for the session's day or name, and types whose text is written as the session likes. Which
-- function an operator is, and what was put in unseen to make types fit, stands in the tree alone.
with recursive tree (t) as (
  select ev_action::text from pg_rewrite where ev_class = 'pg_temp.klover_check'::regclass),
 called (oid) as (
  select m[1]::oid from tree, regexp_matches(t, ':(?:op)?funcid (\d+)', 'g') m
  union
  select o.oprcode from tree, regexp_matches(t, ':opnos \(o ([0-9 ]+)\)', 'g') m,
         regexp_split_to_table(m[1], ' ') n
    join pg_operator o on o.oid = n::oid),
 written (of_type) as (
  select coalesce(
           substring(m[1] from '^\{RELABELTYPE :arg \{[^{}]*\} :resulttype (\d+)'),
           substring(m[1] from '^\{[A-Z]+ [^{}]*?:(?:vartype|consttype|funcresulttype|opresulttype'
                               '|refrestype|casetype|coalescetype|typeId|array_typeid) (\d+)'),
           '0')::oid
    from tree, regexp_matches(t, '\{COERCEVIAIO :arg (\{[^{}]*(?:\{[^{}]*\}[^{}]*)?)', 'g') m),
 behind (of_type, oid) as (
  select of_type, of_type from written
  union
  select b.of_type, case t.typtype when 'd' then t.typbasetype else t.typelem end
    from behind b join pg_type t on t.oid = b.oid
   where t.typtype = 'd' or t.typinput = 'array_in'::regproc)
select p.oid::regprocedure::text from called c join pg_proc p on p.oid = c.oid
 where p.provolatile <> 'i' and p.oid::regprocedure::text <> all (%(steady)s::text[])
   and (p.pronamespace = 'pg_catalog'::regnamespace
        or exists (select from pg_depend d where d.classid = 'pg_proc'::regclass
                    and d.objid = p.oid and d.deptype = 'e'))
union
select case when m[1] = '0' then 'current_date' when m[1] in ('1', '2') then 'current_time'
            when m[1] in ('5', '6') then 'localtime' when m[1] in ('7', '8') then 'localtimestamp'
            else 'the name of the session''s role or schema' end
  from tree, regexp_matches(t, '\{SQLVALUEFUNCTION :op (\d+)', 'g') m
 where m[1] not in ('3', '4')
union
select 'an expression of SQL/JSON or XML'
  from tree where t ~ '\{(JSON(?!ISPREDICATE)|XML)[A-Z]* '
union
select 'a cast to text of ' || case b.of_type when 0 then 'a value of some other type'
                                    else format_type(b.of_type, null) end
  from behind b left join pg_type t on t.oid = b.oid
 where t.oid is null
    or t.typtype not in ('d', 'e') and t.typinput <> 'array_in'::regproc
       and format_type(t.oid, null) <> all (%(written_alike)s::text[])
       and t.typname <> 'citext'
 order by 1;
