-- name: out
-- Rows of one snapshot, as frames.
copy (select {values} from {table} as t {join}) to stdout (format {format});

-- name: into
-- The same rows, inside.
copy {table} ({names}) from stdin (format {format});

-- name: keys_out
-- The keys of guests, for the enclave's own notes.
copy (select {constants}, {key} from {marked} as t) to stdout;

-- name: subjects_out
-- The keys of the subjects who come home.
copy (select {constants}, {key} from {cohort} as t where t.klover_inside) to stdout;

-- name: subjects_into
-- Note who has come home.
copy klover.migration_subject (source, cell, key) from stdin;

-- name: homes_out
-- What decided the home of every subject, of those who stay outside too: the piece of evidence and
-- the country that it told; neither where nobody knows.
copy (select {constants}, {key}, t.klover_inside, t.klover_evidence, t.klover_country
        from {cohort} as t) to stdout;

-- name: homes_into
-- Note it.
copy klover.subject_home (source, cell, key, inside, evidence, country) from stdin;

-- name: evidence_put
-- Note what the numbers of evidence stand for, and the edition and table they were read with.
insert into klover.home_evidence
       (source, cell, evidence, kind, path, countries_edition, addresses)
values (%(source)s, %(cell)s, %(evidence)s, %(kind)s, %(path)s, %(edition)s, %(addresses)s);

-- name: guests_into
-- Note which rows are guests.
copy klover.migration_guest (source, cell, relation, key) from stdin;

-- name: clear
-- Take an earlier copy of this migration out again; nothing at the source has been erased yet.
delete from {table};

-- name: clear_subjects
-- The notes of an earlier copy.
delete from klover.migration_subject where source = %(source)s and cell = %(cell)s;

-- name: clear_homes
-- The notes of an earlier copy.
delete from klover.subject_home where source = %(source)s and cell = %(cell)s;

-- name: clear_evidence
-- The notes of an earlier copy.
delete from klover.home_evidence where source = %(source)s and cell = %(cell)s;

-- name: clear_guests
-- The notes of an earlier copy.
delete from klover.migration_guest where source = %(source)s and cell = %(cell)s;

-- name: any_row
-- Whether a table holds anything.
select exists (select from {table});

-- name: others_wrote
-- Whether a table holds a row that the copy (a transaction) did not write, or that was changed since.
select exists (select from {table} as t where t.xmin <> {copied}::xid);

-- name: this_transaction
-- What rows written from here on bear.
select pg_current_xact_id()::xid::text;

-- name: replica
-- Triggers and foreign keys do not fire: rows arrive as they are, and are checked as a whole.
set local session_replication_role = replica;

-- name: analyze
-- The planner learns what has come, for the comparison and for everybody after it.
analyze {tables};
