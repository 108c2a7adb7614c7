"""Sampling a live database: what is learnt, and that nothing is changed, waited for or repeated."""

import psycopg
import pytest
from psycopg import errors

from klover.catalog import TableName
from klover.policy.suggest import Draft, draft, questions
from klover.store.connect import connect
from klover.store.inspect import read_catalog
from klover.store.sample import Sampled, sample

Database = psycopg.Connection[tuple[object, ...]]
SCHEMA = """
set search_path = public;
create table people (id uuid primary key default gen_random_uuid(), email text, note text);
create table shops (id uuid primary key default gen_random_uuid(), name text);
create table clips (id int primary key, person_id uuid references people);
insert into people (email, note)
  select 'p' || n || '@example.org', case n % 3 when 0 then '192.0.2.' || n else 'x' end
    from generate_series(1, 60) n;
insert into shops (name) select 'shop ' || n from generate_series(1, 60) n;
create table visits (id int primary key, ref_id uuid, shop uuid, guest_uuids uuid[],
  wrong_person_id uuid);
insert into visits
  select row_number() over (), p.id, s.id, array[p.id], s.id
    from (select id, row_number() over () n from people) p
    join (select id, row_number() over () n from shops) s using (n);
create table events (id int primary key, topic_type text, topic_id int);
insert into clips select n, null from generate_series(1, 9) n;
insert into events select n, case n % 2 when 0 then 'Clip' else 'Weather' end, n
  from generate_series(1, 9) n;
"""


def sampled(connection: Database, rows: int = 50) -> Sampled:
    catalog = read_catalog(connection)
    return sample(connection, catalog, questions(catalog), rows=rows)


def drafted(connection: Database) -> Draft:
    catalog = read_catalog(connection)
    return draft(catalog, sampled(connection).evidence)


@pytest.fixture
def filled(database: Database) -> Database:
    database.execute(SCHEMA.encode())
    return database


def test_values_find_keys_refuse_guesses_and_name_types(filled: Database) -> None:
    visits = drafted(filled).tables[TableName("public", "visits")]
    found = {guess.column: guess for guess in visits.tie.guesses}
    assert str(found["ref_id"].target) == "people"
    assert "of 50 stand there" in found["ref_id"].reason
    assert str(found["shop"].target) == "shops"
    assert "wrong_person_id" not in found or str(found["wrong_person_id"].target) == "shops"
    events = drafted(filled).tables[TableName("public", "events")]
    (pair,) = events.tie.pairs
    assert [(half.value, str(half.target)) for half in pair.halves] == [("Clip", "clips")]


def test_forms_close_columns_and_values_stay_here(filled: Database) -> None:
    made = drafted(filled)
    people = made.tables[TableName("public", "people")]
    categories = {verdict.column: verdict.category for verdict in people.verdicts}
    assert categories["email"] == "user.contact.email"
    assert categories["note"] == "user.device.ip_address"
    from klover.policy.suggest import write

    assert "example.org" not in write(made, sampled=True)


def test_the_session_can_change_nothing(filled: Database) -> None:
    sampled(filled)
    with pytest.raises(errors.ReadOnlySqlTransaction):
        filled.execute("delete from public.people")


def test_a_locked_table_is_passed_over_not_waited_for(filled: Database, dsn: str) -> None:
    catalog = read_catalog(filled)
    with connect(dsn, what="another session", autocommit=False) as other:
        other.execute("lock table public.shops in access exclusive mode")
        learnt = sample(filled, catalog, questions(catalog), rows=50)
        other.rollback()
    assert learnt.passed_over > 0
    assert not learnt.evidence.samples[TableName("public", "shops")].get("name")
    assert learnt.evidence.samples[TableName("public", "people")]["email"]


def test_what_a_role_may_not_read_is_passed_over(filled: Database) -> None:
    filled.execute("create role sampling_reader")
    try:
        filled.execute("grant usage on schema public to sampling_reader")
        filled.execute("grant select on public.shops to sampling_reader")
        filled.execute("set role sampling_reader")
        learnt = sampled(filled)
        assert learnt.passed_over > 0
        assert not learnt.evidence.samples[TableName("public", "people")].get("email")
        assert learnt.evidence.samples[TableName("public", "shops")]["name"]
    finally:
        filled.execute("reset role")
        filled.execute("set default_transaction_read_only = off")
        filled.execute("drop owned by sampling_reader")
        filled.execute("drop role sampling_reader")


def test_a_large_table_is_sampled_all_over(filled: Database) -> None:
    filled.execute("create table public.big (id int primary key, word text)")
    filled.execute("insert into public.big select n, 'w' || n from generate_series(1, 50000) n")
    filled.execute("analyze public.big")
    words = sampled(filled, rows=20).evidence.samples[TableName("public", "big")]["word"]
    assert 0 < len(words) <= 20
    assert list(words) != [f"w{n}" for n in range(1, len(words) + 1)]


def test_pages_that_hold_no_row_any_more_do_not_leave_a_table_unsampled(filled: Database) -> None:
    filled.execute("create table public.big (id int primary key, word text, person_id uuid)")
    filled.execute("insert into public.big select n, 'w' || n from generate_series(1, 50000) n")
    filled.execute(
        "update public.big set person_id = people.id from public.people where big.id = 3"
    )
    filled.execute("vacuum analyze public.big")
    filled.execute("delete from public.big where id > 5")
    learnt = sampled(filled, rows=20).evidence
    assert sorted(learnt.samples[TableName("public", "big")]["word"]) == [
        f"w{n}" for n in range(1, 6)
    ]
    (answer,) = [told for asked, told in learnt.answers.items() if asked.table.name == "big"]
    assert (answer.asked, answer.found) == (1, 1)
