"""Doors over odd names, tables that inherit, views, enums, domains and computed columns."""

from collections.abc import Iterator

import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.policy.check import check_resolved, errors
from klover.policy.resolved import Resolved
from klover.store.connect import Connection, connect

SCHEMA = """
set search_path = public;
create schema "App.Data";
create domain short as varchar(40);
create type mood as enum ('calm', 'cross');
create table "Users" ("userId" uuid primary key, "Full Name" short not null, mood mood);
create table "App.Data"."Blog Posts" (
  "postId" text primary key, "authorId" uuid not null references "Users",
  title text not null, shown boolean, size int generated always as (length(title)) stored,
  no int generated always as identity);
create table "App.Data".drafts (why text) inherits ("App.Data"."Blog Posts");
create view titles as select "authorId" as author, title, shown from "App.Data"."Blog Posts";
create materialized view counts as
  select "authorId" as author, count(*) as posts from "App.Data"."Blog Posts" group by 1;
create view unnamed as select * from "Users";
insert into "Users" values ('00000000-0000-0000-0000-000000000001', 'Kari Nordmann', 'calm');
insert into "App.Data"."Blog Posts" ("postId", "authorId", title, shown) values
  ('a', '00000000-0000-0000-0000-000000000001', 'open words', true),
  ('b', '00000000-0000-0000-0000-000000000001', 'hidden words', false),
  ('c', '00000000-0000-0000-0000-000000000001', 'unknown words', null);
insert into "App.Data".drafts ("postId", "authorId", title, shown, no, why) values
  ('d', '00000000-0000-0000-0000-000000000001', 'open draft', true, 4, 'why one'),
  ('e', '00000000-0000-0000-0000-000000000001', 'hidden draft', false, 5, 'why two');
refresh materialized view counts;
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: Users, key: userId, home: none, inside: [EEA]}
tables:
  Users:
    public_rows: true
    columns: {userId: interoperable, Full Name: restricted, mood: public}
  '"App.Data".Blog Posts':
    subject: authorId
    public_rows: shown
    columns:
      postId: interoperable
      authorId: interoperable
      title: {class: public, identifies: no}
      shown: interoperable
      size: public
      no: public
  titles:
    subject: author
    key: title
    references: {author: Users.userId}
    public_rows: shown
    columns: {title: {class: public, identifies: no}, shown: interoperable}
  counts:
    subject: author
    key: author
    references: {author: Users.userId}
    public_rows: true
    columns: {posts: interoperable}
audiences:
  abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
"""


@pytest.fixture
def applied(dsn: str) -> Iterator[tuple[Connection, Resolved]]:
    with connect(dsn, what="the enclave") as connection:
        connection.execute(SCHEMA)
        resolved = resolve(connection, POLICY)
        open_doors(connection, compiled(connection, resolved))
        yield connection, resolved


def test_the_proof_holds_and_shows_what_was_decided(
    applied: tuple[Connection, Resolved],
) -> None:
    connection, resolved = applied
    proof = door.prove(connection, resolved, TODAY)
    assert [str(one) for one in proof.violations] == []
    connection.execute("set search_path = door_abroad")
    titles = 'select title from "Blog Posts" order by 1'
    # The parent's view shows the children's rows as Postgres would, by the same rule.
    assert connection.execute(titles).fetchall() == [("open draft",), ("open words",)]
    drafts = connection.execute("select title, size, no from drafts").fetchall()
    assert [row[0] for row in drafts] == ["open draft"]
    assert connection.execute("select title from titles order by 1").fetchall() == [
        ("open draft",), ("open words",)
    ]  # fmt: skip
    assert connection.execute("select posts from counts").fetchall() == [(5,)]


def test_what_nobody_named_is_absent(applied: tuple[Connection, Resolved]) -> None:
    connection, _ = applied
    views = connection.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'door_abroad' order by 1, ordinal_position"
    ).fetchall()
    shown = {str(table) for table, _ in views}
    assert shown == {"Users", "Blog Posts", "drafts", "titles", "counts"}
    assert ("drafts", "why") not in views
    assert ("Users", "Full Name") not in views
    assert ("titles", "title") in views


def test_a_computed_column_is_shown_where_it_is_coarse_on_purpose(dsn: str) -> None:
    """The length of a title, where the title is restricted; of tables that inherit it, too."""
    closed = POLICY.replace("title: {class: public, identifies: no}", "title: restricted")
    plain = closed.replace("size: public", "size: {class: public, identifies: no}")
    meant = plain.replace("size: {class: public,", "size: {coarse_of: title, class: public,")
    with connect(dsn, what="the enclave") as connection:
        connection.execute(SCHEMA)
        refused = errors(check_resolved(resolve(connection, plain), TODAY))
        assert {str(one).partition("Column ")[2].partition(" is")[0] for one in refused} == {
            '"App.Data".Blog Posts.size',
            '"App.Data".drafts.size',
        }
        resolved = resolve(connection, meant)
        assert errors(check_resolved(resolved, TODAY)) == []
        open_doors(connection, compiled(connection, resolved))
        assert not door.prove(connection, resolved, TODAY).violations
        connection.execute("set search_path = door_abroad")
        assert connection.execute("select size from drafts").fetchall() == [(10,)]
