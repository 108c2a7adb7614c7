"""Stored pseudonyms: each way of naming a row, each way a row comes, and what cannot happen."""

import psycopg
import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from klover import door
from klover.catalog import TableName
from klover.door import naming
from klover.errors import PolicyError
from klover.store.connect import Connection
from klover.store.inspect import read_catalog


def stored(table: str, column: str, audience: str = "abroad") -> str:
    return naming.stored(audience, TableName("public", table), column, 1)


@pytest.fixture
def world(database: Connection) -> Connection:
    """Rows that were there before the doors."""
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    open_doors(database, compiled(database, resolve(database, POLICY), 1))
    return database


def test_every_way_of_naming_a_row_shows_its_pseudonym(world: Connection) -> None:
    key = key_of(world, "abroad")

    def named(entity: str, *parts: str) -> object:
        return pseudonym(key, entity, *parts)

    kari, olav, jane = (named("accounts", each) for each in "123")
    assert not door.prove(world, resolve(world, POLICY), TODAY).violations
    assert seen(world, "abroad", "select id from accounts order by id") == sorted(
        [(kari,), (olav,), (jane,)]
    )
    status, other = named("statuses", "10"), named("statuses", "11")
    assert seen(world, "abroad", "select id, account_id from statuses order by id") == sorted(
        [(status, kari), (other, olav)]
    )
    pairs = {
        (kari, status, "Status"), (kari, olav, "Person"), (olav, None, "Robot"),
        (jane, None, "Status"), (None, other, "Status"), (jane, None, None),
    }  # fmt: skip
    for table in ("notes", "recent"):
        query = f"select account_id, about_id, about_type from {table}"
        assert set(seen(world, "abroad", query)) == pairs
    chats = [(1, [kari, None, olav]), (2, []), (3, None), (4, [jane])]
    for table in ("chats", "crowds"):
        query = f"select id, member_ids from {table} order by id"
        assert seen(world, "abroad", query) == chats
    north, south = named("teams", "north", "1"), named("teams", "south", "2")
    query = "select region, number from teams order by region"
    assert seen(world, "abroad", query) == [("north", north), ("south", south)]
    teams = [("north", north), ("south", south), ("south", None)]
    assert set(seen(world, "abroad", "select region, team from players")) == set(teams)
    query = "select region, team from crowds where id < 4"
    assert set(seen(world, "abroad", query)) == set(teams)
    query = "select account_id from visits order by at"
    assert seen(world, "abroad", query) == [(kari,), (olav,)]
    posts = {
        (named("posts", "1"), kari),
        (named("posts", "2.5"), olav),
        (named("posts", "3"), jane),
    }
    assert set(seen(world, "abroad", "select id, account_id from posts")) == posts
    assert {row[0] for row in seen(world, "abroad", "select account_id from films")} == {jane}


def test_what_stands_beside_a_pseudonym_is_shown_in_parts(world: Connection) -> None:
    for column in ("settings", "raw"):
        query = f"select {column}::text from accounts where {column} is not null"
        found = [str(row[0]).replace(" ", "") for row in seen(world, "abroad", query)]
        assert found == ['{"mail":{"daily":true},"theme":"dark"}']


def test_two_audiences_have_nothing_in_common(world: Connection) -> None:
    abroad = set(seen(world, "abroad", "select id from accounts"))
    research = set(seen(world, "research", "select id from accounts"))
    assert len(abroad) == len(research) == 3
    assert not abroad & research


def test_rows_lie_in_one_order_for_all_audiences(world: Connection) -> None:
    """A limit, told in SECURITY.md: two who compare their answers can match them by place."""
    order = [str(one) for (one,) in world.execute("select id from public.accounts").fetchall()]
    for audience in ("abroad", "research"):
        key = key_of(world, audience)
        found = [row[0] for row in seen(world, audience, "select id from accounts")]
        assert found == [pseudonym(key, "accounts", each) for each in order]


INSERT = "insert into public.statuses (id, account_id) values (77, {})"
WAYS = {
    "plainly": (INSERT.format(3),),
    "with one of its own": (
        "insert into public.statuses (id, account_id, {p}) values (77, 3, gen_random_uuid())",
    ),
    "changed": (INSERT.format(1), "update public.statuses set account_id = 3 where id = 77"),
    "overwritten": (
        INSERT.format(3), "update public.statuses set {p} = gen_random_uuid() where id = 77",
    ),
    "taken away": (INSERT.format(3), "update public.statuses set {p} = null where id = 77"),
    "as a replica": ("set local session_replication_role = replica", INSERT.format(3)),
    "beside sleeping triggers": (
        "alter table public.statuses disable trigger user",
        'alter table public.statuses enable always trigger "{t}"',
        INSERT.format(3),
    ),
    "on conflict": (
        INSERT.format(2),
        INSERT.format(3) + " on conflict (id) do update set account_id = excluded.account_id",
    ),
    "changed by a trigger": (
        (
            "create function public.other() returns trigger language plpgsql as"
            " 'begin new.account_id := 3; return new; end'"
        ),
        (
            "create trigger zzz before insert on public.statuses for each row"
            " execute function public.other()"
        ),
        INSERT.format(1),
    ),
    "merged": (
        (
            "merge into public.statuses s using (values (77::bigint, 3::bigint)) v (id, who)"
            " on s.id = v.id when not matched then insert (id, account_id) values (v.id, v.who)"
        ),
    ),
    "merged over another": (
        INSERT.format(1),
        (
            "merge into public.statuses s using (values (77::bigint, 3::bigint)) v (id, who)"
            " on s.id = v.id when matched then update set account_id = v.who"
        ),
    ),
    "renumbered": (
        "insert into public.statuses (id, account_id) values (76, 3)",
        "update public.statuses set id = 77 where id = 76",
    ),
    "under other settings": (
        "set local datestyle = 'German'", "set local bytea_output = 'escape'",
        "set local search_path = ''", INSERT.format(3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_however_a_row_comes_it_has_its_pseudonym(world: Connection, way: tuple[str, ...]) -> None:
    key, column = key_of(world, "abroad"), stored("statuses", "account_id")
    trigger = naming.trigger(TableName("public", "statuses"), "insert")
    with world.transaction(force_rollback=True):
        for statement in way:
            world.execute(statement.replace("{p}", column).replace("{t}", trigger).encode())
        row = world.execute(f"select {column} from public.statuses where id = 77".encode())
        assert row.fetchone() == (pseudonym(key, "accounts", "3"),)


def test_a_row_that_moves_to_another_partition_keeps_up(world: Connection) -> None:
    world.execute("update public.visits set at = '2026-02-02', account_id = 3 where account_id = 1")
    jane = pseudonym(key_of(world, "abroad"), "accounts", "3")
    query = "select account_id from visits where at = '2026-02-02'"
    assert seen(world, "abroad", query) == [(jane,)]


def test_rows_that_are_copied_have_theirs(world: Connection) -> None:
    with world.cursor().copy("copy public.statuses (id, account_id) from stdin") as copy:
        copy.write_row((78, 2))
    column = stored("statuses", "account_id")
    row = world.execute(f"select {column} from public.statuses where id = 78".encode()).fetchone()
    assert row == (pseudonym(key_of(world, "abroad"), "accounts", "2"),)


def test_partitions_and_children_made_later_have_theirs(world: Connection) -> None:
    world.execute(
        "create table public.visits_2027 partition of public.visits"
        " for values from ('2027-01-01') to ('2028-01-01');"
        "insert into public.visits_2027 values ('2027-05-01', 3);"
        "insert into public.films values (9, 2, 1)"
    )
    key = key_of(world, "abroad")
    query = "select account_id from visits where at = '2027-05-01'"
    assert seen(world, "abroad", query) == [(pseudonym(key, "accounts", "3"),)]
    assert (pseudonym(key, "posts", "9"),) in seen(world, "abroad", "select id from posts")
    assert not door.prove(world, resolve(world, POLICY), TODAY).violations
    world.execute("create table public.shorts (x int) inherits (public.posts)")
    with pytest.raises(psycopg.errors.CheckViolation):
        world.execute("insert into public.shorts (id, account_id, x) values (10, 1, 1)")
    assert any(
        fact.what == "shorts"
        for fact in door.prove(world, resolve(world, POLICY), TODAY).violations
    )
    open_doors(world, compiled(world, resolve(world, POLICY), 1))
    world.execute("insert into public.shorts (id, account_id, x) values (10, 1, 1)")
    assert (pseudonym(key, "posts", "10"),) in seen(world, "abroad", "select id from posts")
    assert not door.prove(world, resolve(world, POLICY), TODAY).violations


def test_a_partition_that_was_away_is_computed_anew(world: Connection) -> None:
    """Detached it has no trigger, and a row that changes keeps the pseudonym of somebody else."""
    world.execute("alter table public.visits detach partition public.visits_2026")
    world.execute("update public.visits_2026 set account_id = 3")
    world.execute(
        "alter table public.visits attach partition public.visits_2026"
        " for values from ('2026-01-01') to ('2027-01-01')"
    )
    resolved = resolve(world, POLICY)
    (fact,) = door.prove(world, resolved, TODAY).violations
    assert (fact.what, "detached for a while" in fact.why) == ("visits_2026", True)
    steps = door.plan(world, compiled(world, resolved, 1))
    assert ["visits_2026" in step.sql for step in steps] == [True]
    open_doors(world, compiled(world, resolved, 1))
    jane = pseudonym(key_of(world, "abroad"), "accounts", "3")
    assert seen(world, "abroad", "select account_id from visits where at > '2026-01-01'") == [
        (jane,)
    ]
    assert not door.prove(world, resolved, TODAY).violations
    assert not door.plan(world, compiled(world, resolved, 1))


def test_a_row_without_its_pseudonym_cannot_be(world: Connection) -> None:
    trigger = naming.trigger(TableName("public", "statuses"), "insert")
    world.execute(f'alter table public.statuses disable trigger "{trigger}"'.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        world.execute("insert into public.statuses (id, account_id) values (79, 3)")


def test_values_written_while_a_trigger_slept_are_computed_anew(world: Connection) -> None:
    trigger = naming.trigger(TableName("public", "accounts"), "update")
    column = stored("accounts", "id")
    world.execute(f'alter table public.accounts disable trigger "{trigger}"'.encode())
    world.execute(f"update public.accounts set {column} = gen_random_uuid()".encode())
    open_doors(world, compiled(world, resolve(world, POLICY), 1))
    found = world.execute(f"select {column} from public.accounts where id = 1".encode()).fetchone()
    assert found == (pseudonym(key_of(world, "abroad"), "accounts", "1"),)


def test_a_pseudonym_is_looked_up_by_an_index(world: Connection) -> None:
    world.execute(
        "insert into public.accounts (id) select generate_series(100, 3000);"
        "insert into public.statuses (id, account_id) select id, id from public.accounts"
        " where id > 99; analyze"
    )
    (one,) = world.execute(
        f"select {stored('accounts', 'id')} from public.accounts where id = 1234".encode()
    ).fetchone() or ("",)
    joined = "accounts a join statuses s on s.account_id = a.id where a"
    for rest in ("accounts where", "statuses where account_", joined):
        query = f"select 1 from {rest}{' id' if rest.endswith('where') else 'id'} = '{one}'"
        query = query.replace("where aid", "where a.id")
        assert seen(world, "abroad", query) == [(1,)]
        plan = "\n".join(str(row[0]) for row in seen(world, "abroad", f"explain {query}"))
        assert "Seq Scan" not in plan, plan
        assert "klover_p_" in plan


def test_the_catalog_shows_an_application_without_pseudonyms(world: Connection) -> None:
    found = read_catalog(world)
    text = repr(found)
    assert "klover_p_" not in text
    assert [c.name for c in found.tables[TableName("public", "films")].columns] == [
        "id", "account_id", "length",
    ]  # fmt: skip


def test_the_keeper_reads_the_keys_and_nothing_else(world: Connection) -> None:
    rows = world.execute(
        """select c.relname, has_table_privilege('klover_keeper', c.oid, 'insert, update, delete')
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm') and nspname not in ('pg_catalog',
                  'information_schema') and nspname not like 'pg_toast%'
              and has_any_column_privilege('klover_keeper', c.oid, 'select')"""
    ).fetchall()
    assert rows == [("key", False)]
    with world.transaction(force_rollback=True):
        world.execute("create role klover_test_app")
        can = world.execute(
            "select has_function_privilege('klover_test_app',"
            " 'klover_pseudonym.keep__accounts()', 'execute')"
        ).fetchone()
    assert can == (False,)


def test_a_generated_key_is_refused(database: Connection) -> None:
    database.execute(
        "create table public.accounts (id bigint primary key, handle text, country text);"
        "create table public.tags (id int primary key, account_id bigint"
        " references public.accounts, key bigint generated always as (account_id) stored)"
    )
    text = POLICY[: POLICY.index("  accounts:")] + (
        "  accounts: {public_rows: true, columns: {id: interoperable}}\n"
        "  tags: {subject: account_id, public_rows: true, references: {key: accounts.id},"
        " columns: {key: interoperable}}\n" + POLICY[POLICY.index("audiences:") :]
    )
    with pytest.raises(Exception, match=r"tags\.key is a generated column"):
        compiled(database, resolve(database, text), 1)


def test_a_type_column_that_is_generated_is_refused(database: Connection) -> None:
    """A trigger sees none: the application's own inserts would fail."""
    database.execute(
        SCHEMA.replace(
            "about_type varchar(20)", "about_type varchar(20) generated always as ('Status') stored"
        ).encode()
    )
    with pytest.raises(PolicyError, match=r"notes\.about_type is a generated column.*about_id"):
        compiled(database, resolve(database, POLICY), 1)


@pytest.mark.parametrize("kind", ["real", "double precision", "interval", "jsonb"])
def test_a_key_whose_equals_are_written_differently_is_refused(
    database: Connection, kind: str
) -> None:
    database.execute(SCHEMA.replace("id numeric primary key", f"id {kind} primary key").encode())
    with pytest.raises(PolicyError, match=rf"(posts|films)\.id is of type {kind}, of which equal"):
        compiled(database, resolve(database, POLICY), 1)


def test_a_view_whose_own_rows_would_need_pseudonyms_is_refused(database: Connection) -> None:
    database.execute(SCHEMA.encode())
    text = POLICY.replace(
        "{id: {class: public, identifies: no}, member_ids", "{id: interoperable, member_ids"
    )
    with pytest.raises(PolicyError, match=r"crowds is a view or foreign table"):
        compiled(database, resolve(database, text), 1)


def test_rows_hang_off_every_element_and_the_half_that_counts(world: Connection) -> None:
    text = POLICY.replace("    hangs_off: []\n", "").replace(
        "    public_rows: true\n", "    public_rows: id > 1\n", 1
    )
    world.execute(
        "insert into public.chats values (5, '{2,99}'), (6, '{2,3}');"
        "insert into public.notes (account_id, about_id, about_type) values"
        " (3, 2, 'Person'), (3, 1, 'Person'), (3, 77, 'Person'), (3, 10, 'Status')"
    )
    resolved = resolve(world, text)
    open_doors(world, compiled(world, resolved, 1))
    assert not door.prove(world, resolved, TODAY).violations
    key = key_of(world, "abroad")
    olav, jane = (pseudonym(key, "accounts", each) for each in "23")
    # 1 is restricted, 99 is not there; no member and no list hang off nobody.
    assert seen(world, "abroad", "select id from chats order by id") == [(2,), (3,), (4,), (6,)]
    notes = seen(world, "abroad", "select account_id, about_id, about_type from notes")
    assert set(notes) == {
        (jane, None, "Status"), (None, pseudonym(key, "statuses", "11"), "Status"),
        (jane, olav, "Person"),
    }  # fmt: skip


def test_what_computes_pseudonyms_is_nobodys(world: Connection) -> None:
    """Default privileges give new functions to the applications: with a table, an oracle."""
    open_to = (
        "select count(*) from pg_proc p cross join aclexplode(p.proacl) a"
        " where p.pronamespace = 'klover_pseudonym'::regnamespace and a.grantee <> p.proowner"
    )
    resolved = resolve(world, POLICY)
    for statement in (
        "drop function klover_pseudonym.keep__chats() cascade",
        "grant execute on function klover_pseudonym.keep__chats() to public",
        "grant execute on function klover_pseudonym.keep__chats() to klover_application",
    ):
        world.execute(statement.encode())
        told = {fact.why for fact in door.prove(world, resolved, TODAY).violations}
        assert statement.startswith("drop") or any("make a trigger" in why for why in told), told
        open_doors(world, compiled(world, resolved, 1))
        assert world.execute(open_to.encode()).fetchone() == (0,)
        assert not door.prove(world, resolved, TODAY).violations
    steps = door.plan(world, compiled(world, resolved, 1))
    assert steps == ()
