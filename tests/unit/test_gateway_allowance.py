"""Which statements are let through, decided from their text alone."""

import pytest

from klover.gateway.allowance import refuse
from klover.wire.statement import split


def why(sql: str, *, conceals_rows: bool = False) -> str | None:
    (statement,) = split(sql)
    return refuse(statement, conceals_rows=conceals_rows)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1", "(values (1))", "show all", "deallocate all", "close a", "unlisten *",
        "begin read only", "start transaction", "end", "abort", "savepoint a", "release a",
        "rollback to a", "execute a", "fetch 5 from a", "move a",
        "prepare a as select 1", "declare a cursor for table b", "copy (select 1) to stdout",
        "explain select 1", "explain (costs off) execute a", "explain declare a cursor for table b",
        "set transaction isolation level serializable", "set local time zone 'UTC'",
        "set session characteristics as transaction read only",
        "reset all", "reset time zone", "set statement_timeout = 1000",
    ],
)  # fmt: skip
def test_what_is_let_through(sql: str) -> None:
    assert why(sql) is None


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("delete from a", "DELETE is not let through at a door"),
        ("secret value", "this kind of statement is not let through"),
        ("(drop table a)", "this kind of statement is not let through"),
        ("select set_config('role', 'x', false)", "settings are changed with SET only"),
        ("with a as (update pg_settings set setting = 'x' returning 1) table a", "with SET only"),
        ("prepare a as delete from b", "only queries can be prepared"),
        ("prepare a as show all", "only queries can be prepared"),
        ("prepare a as execute b", "only queries can be prepared"),
        ("prepare a select 1", "only queries can be prepared"),
        ("declare a cursor for show all", "only queries can have a cursor"),
        ("copy (show all) to stdout", "only COPY (query) TO STDOUT"),
        ("copy a to stdout", "only COPY (query) TO STDOUT"),
        ("copy (select 1) to '/tmp/x'", "only COPY (query) TO STDOUT"),
        ("copy (select set_config('a', 'b', true)) to stdout", "with SET only"),
        ("prepare 'a' as select 1", "this form of PREPARE"),
        ("execute 'a'", "this form of EXECUTE"),
        ("fetch 5", "this form of FETCH"),
        ("begin read write", "READ WRITE is not let through"),
        ("commit prepared 'a'", "two-phase transactions"),
        ("explain analyze select 1", "EXPLAIN ANALYZE"),
        ("explain analyse verbose select 1", "EXPLAIN ANALYZE"),
        ("explain (costs off, analyze) select 1", "EXPLAIN ANALYZE"),
        ("explain (wal) select 1", "an option of EXPLAIN"),
        ("explain show all", "this form of EXPLAIN"),
        ("explain", "this form of EXPLAIN"),
        ("explain declare a cursor for show all", "only queries can have a cursor"),
        ("set transaction snapshot 'a'", "this setting is not one"),
        ("set session characteristics as transaction read write", "READ WRITE"),
        ("set role x", "this setting is not one"),
        ("set local role to x", "this setting is not one"),
        ("set session authorization x", "this setting is not one"),
        ("set search_path = public", "this setting is not one"),
        ("reset role", "this setting is not one"),
        ("set statement_timeout = 0", "statement_timeout can be set to at most"),
        ("set client_encoding = 'LATIN1'", "this value of client_encoding"),
        ("set names 'LATIN1'", "this value of client_encoding"),
    ],
)
def test_what_is_refused_and_why(sql: str, reason: str) -> None:
    assert reason in (why(sql) or "")


def test_where_rows_are_not_shown_nothing_is_explained() -> None:
    assert "not let through" in (why("explain select 1", conceals_rows=True) or "")
    assert why("select 1", conceals_rows=True) is None
