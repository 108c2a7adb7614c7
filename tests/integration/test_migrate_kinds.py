"""Arrays, pairs, keys of several columns, inheritance, odd names: moved, compared, erased."""

from collections.abc import Callable

import pytest

from doubles.small_world import World, rows
from klover.migrate.phase import Phase
from klover.store.embedded import Server

NewDatabase = Callable[[], str]
SCHEMA = """
set search_path = public;
create schema "App.Data";
create domain handle as text check (value <> '');
create table tenants (id int primary key, name text);
create table people (
  ten int not null references tenants, id bigint not null unique, country text,
  "realName" handle not null, settings jsonb not null default '{}', primary key (ten, id));
create table "App.Data"."Camel Posts" (
  "postId" uuid primary key, ten int not null, "authorId" bigint not null, body text,
  foreign key (ten, "authorId") references people (ten, id));
create table chats (id text primary key, members bigint[] not null, topic text);
create table comments (id bigint primary key, who bigint not null references people (id),
  body text, length int generated always as (length(body)) stored);
create table old_comments (why text) inherits (comments);
create table notices (id int primary key, about_id bigint, about_type text, note text);
create table seats (no int primary key, ten int, holder bigint);
create materialized view busy as select who, count(*) as n from comments group by who;
create view all_chats as select id, unnest(members) as member, topic from chats;
"""
ROWS = """
set search_path = public;
set session_replication_role = replica;
insert into tenants values (1, 'one'), (2, 'two');
insert into people values
  (1, 1, 'NO', 'Kari Nordmann', '{"theme": "dark", "mail": "kari@fjord.example"}'),
  (1, 2, 'US', 'Bob Roberts', '{"mail": "bob@prairie.example"}'),
  (2, 3, null, 'Nil Nowhere', '{}');
insert into "App.Data"."Camel Posts" values
  ('00000000-0000-0000-0000-00000000000a', 1, 1, 'fjord words'),
  ('00000000-0000-0000-0000-00000000000b', 1, 2, 'prairie words');
insert into chats values
  ('both home', '{1,3,null}', 'alpha topic'), ('mixed', '{1,2}', 'beta topic'),
  ('abroad', '{2}', 'gamma topic'), ('nobody', '{}', 'delta topic'),
  ('lost', '{2,99}', 'eps topic');
insert into comments (id, who, body) values
  (1, 1, 'kari says'), (2, 2, 'bob says'), (3, 2, 'bob again');
insert into old_comments (id, who, body, why) values
  (11, 1, 'kari said', 'spam one'), (12, 2, 'bob said', 'spam two'),
  (3, 1, 'kari same key', 'spam three');
insert into notices values
  (1, 1, 'Comment', 'about kari'), (2, 2, 'Comment', 'about bob'), (3, 11, 'Comment', 'about old'),
  (4, 1, 'App::Person', 'to kari'), (5, 2, 'App::Person', 'to bob'),
  (6, 1, 'Other', 'of no known type'), (7, 1, null, 'of no type'),
  (8, null, 'Comment', 'of nothing'),
  (9, 77, 'Comment', 'of a lost one');
insert into seats values (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, null, 1);
set session_replication_role = origin;
refresh materialized view busy;
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
stays_outside: [interoperable, public]
subjects: {table: people, key: [ten, id], home: country, inside: [EEA]}
defaults:
  tables: {"tenan*": shared}
  columns: {"id": interoperable, "*_id": interoperable, "ten": interoperable}
tables:
  people:
    columns:
      country: interoperable
      realName: {class: restricted, stub: "-"}
      settings:
        {class: interoperable, paths: {theme: {class: public, identifies: no}, mail: restricted}}
  '"App.Data".Camel Posts':
    subject: (ten, authorId)
    columns: {postId: interoperable, authorId: interoperable}
  chats:
    subject: members[]
    references:
      members[]: people.id
    columns: {members: interoperable}
  comments:
    subject: who
    columns: {who: interoperable}
  notices:
    subject: [about_id(Comment).who, 'about_id("App::Person")']
    references:
      about_id: {by: about_type, Comment: comments.id, "App::Person": people.id}
    columns: {about_type: interoperable}
  seats:
    subject: holder
    references: {"(ten, holder)": "people.(ten, id)"}
    columns: {no: interoperable, holder: interoperable}
  all_chats:
    subject: member
    key: [id, member]
    references: {member: people.id}
audiences:
  staff: {who: {groups: [staff], located: [EEA]}, sees: [interoperable, public]}
"""


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    made = World(
        source=server.dsn(new_database()), enclave=server.dsn(new_database()), policy=POLICY
    )
    made.fill(SCHEMA, ROWS)
    return made


def column(dsn: str, query: str) -> list[object]:
    return [row[0] for row in rows(dsn, query)]


def test_every_kind_moves_whole_and_nothing_stays_that_may_not(world: World) -> None:
    outcome = world.migration().run()
    assert outcome.phase is Phase.SWEPT
    inside, outside = world.enclave, world.source
    posts = 'select body from "App.Data"."Camel Posts" order by 1'
    assert column(inside, posts) == ["fjord words"]
    assert column(outside, posts) == ["prairie words"]
    # A row of several people is inside once one is; what a reference loses counts as inside.
    told = "select id, topic from chats order by 1"
    assert rows(inside, told) == [
        ("both home", "alpha topic"), ("lost", "eps topic"), ("mixed", "beta topic")
    ]  # fmt: skip
    assert rows(outside, told) == [
        ("abroad", "gamma topic"), ("lost", None), ("mixed", None), ("nobody", "delta topic")
    ]  # fmt: skip
    # A row stands in the table it was in, once.
    assert column(inside, "select id from only comments order by 1") == [1]
    assert column(inside, "select id from old_comments order by 1") == [3, 11]
    assert column(outside, "select id from only comments order by 1") == [2, 3]
    assert column(outside, "select id from old_comments order by 1") == [12]
    assert column(inside, "select id from notices order by 1") == [1, 3, 4, 9]
    assert column(outside, "select id from notices order by 1") == [2, 5, 6, 7, 8]
    assert column(inside, "select no from seats order by 1") == [1, 3]
    assert column(outside, "select no from seats order by 1") == [2, 4]
    # Bob is in a chat that has come: his row is a guest, and a document with a restricted part
    # goes with neither guest nor stub.
    names = 'select id, "realName", settings::text from people order by 1'
    assert [row[0] for row in rows(inside, names)] == [1, 2, 3]
    assert rows(inside, names)[1][1:] != ("Bob Roberts", '{"mail": "bob@prairie.example"}')
    assert rows(inside, names)[1][2] == "{}"
    assert rows(outside, names)[0] == (1, "-", "{}")


def test_the_plan_counts_what_no_type_tells(world: World) -> None:
    plan = world.migration().plan()
    counted = {table.table: table for table in plan.tables}
    assert "all_chats" not in counted
    assert (counted["notices"].inside, counted["notices"].outside, counted["notices"].unowned) == (
        4, 2, 3
    )  # fmt: skip
    assert (counted["chats"].mixed, counted["chats"].unowned) == (2, 1)
    assert (
        "notices: 2 rows have a about_type that the policy does not list for about_id; by it they "
        "belong to nobody." in plan.notes
    )
