"""The catalog of a live database: an application's own names are seen, Klover's are not."""

import psycopg

from klover.catalog import TableName
from klover.store.inspect import read_catalog


def test_schemas_that_only_look_like_klovers_are_seen(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    database.execute("create schema door_opener")
    database.execute("create table door_opener.people (id int primary key, name text)")
    database.execute("create schema klover_fields")
    database.execute("create table klover_fields.owners (id int primary key)")
    database.execute("create schema klover")
    database.execute("create table klover.notes (id int)")
    found = read_catalog(database).tables
    assert TableName("door_opener", "people") in found
    assert TableName("klover_fields", "owners") in found
    assert TableName("klover", "notes") not in found
    people = found[TableName("door_opener", "people")]
    assert [column.name for column in people.columns] == ["id", "name"]
    assert people.primary_key is not None


def test_what_inherits_and_what_views_read(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    database.execute("""
        set search_path = public;
        create table people (id int primary key, email text, name text);
        create table vips (perks text) inherits (people);
        create table events (id int, at date, who int) partition by range (at);
        create table events_1 partition of events default;
        create view plain as select id, upper(email) as mail from people;
        create materialized view onward as select p.mail, e.at from plain p join events_1 e on true;
        create view counted as select count(*) from people;
        create view whole as select to_jsonb(p) as row from people p;
    """)
    found = read_catalog(database).tables
    people, events = TableName("public", "people"), TableName("public", "events")
    assert found[TableName("public", "vips")].inherits == (people,)
    assert found[people].inherits == found[events].inherits == ()
    assert found[people].reads == ()
    reads = {name.name: table.reads for name, table in found.items() if table.is_view}
    assert reads["plain"] == ((people, "email"), (people, "id"))
    assert reads["onward"] == ((events, "at"), (people, "email"), (people, "id"))
    assert (
        reads["counted"]
        == reads["whole"]
        == tuple((people, name) for name in ("email", "id", "name"))
    )
