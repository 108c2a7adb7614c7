"""What a statement is, told from its tokens: its kind, its name, what it keeps inside."""

import pytest

from klover.wire.statement import Statement, split


def one(sql: str) -> Statement:
    (statement,) = split(sql)
    return statement


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select 1", "SELECT"),
        ("((select 1))", "SELECT"),
        ("( values (1))", "VALUES"),
        ("(table a)", "TABLE"),
        ("(with a as (select 1) select * from a)", "WITH"),
        ("(drop table a)", ""),
        ("(set role x)", ""),
        ('"select" 1', ""),
        ("'select'", ""),
        ("1", ""),
        ("Show All", "SHOW"),
        ("commit", "COMMIT"),
    ],
)
def test_parentheses_open_a_query_and_nothing_else(sql: str, kind: str) -> None:
    assert one(sql).kind == kind
    assert one(sql).inner is None


@pytest.mark.parametrize(
    ("sql", "name", "inside"),
    [
        ("prepare a as select 1", "a", "SELECT"),
        ("prepare a (int, numeric(3, 2)) as delete from b", "a", "DELETE"),
        ('prepare "A b" as select 1', "A b", "SELECT"),
        ("prepare a select 1", None, None),
        ("prepare a (int select 1", None, None),
        ("prepare transaction 'a'", None, None),
        ("declare a cursor for select 1", "a", "SELECT"),
        ("declare a insensitive no scroll cursor with hold for table b", "a", "TABLE"),
        ("declare cursor cursor for select 1", "cursor", "SELECT"),
        ("declare a for select 1", None, None),
        ("declare a cursor select 1", None, None),
        ("explain select 1", None, "SELECT"),
        ("explain verbose select 1", None, "SELECT"),
        ("explain (select 1)", None, "SELECT"),
        ("explain ((select 1))", None, "SELECT"),
        ("explain (costs off) execute a (1)", None, "EXECUTE"),
        ("explain (analyze, verbose) (select 1)", None, "SELECT"),
        ("explain analyze select 1", None, "ANALYZE"),
        ("explain", None, None),
        ("copy (select 1) to stdout", None, "SELECT"),
        ("copy (select (1)) to stdout (format csv)", None, "SELECT"),
        ("copy (select 1) to program 'x'", None, None),
        ("copy (select 1) from stdout", None, None),
        ("copy a to stdout", None, None),
        ("execute a", "a", None),
        ("execute a (1, 2)", "a", None),
        ("deallocate a", "a", None),
        ("deallocate prepare a", "a", None),
        ("deallocate prepare", "prepare", None),
        ("deallocate all", None, None),
        ("deallocate prepare all", None, None),
        ("close a", "a", None),
        ("close all", None, None),
        ("fetch a", "a", None),
        ("fetch forward 5 from a", "a", None),
        ("move backward all in a", "a", None),
        ("fetch 5", None, None),
        ("select a", None, None),
    ],
)
def test_what_it_names_and_keeps(sql: str, name: str | None, inside: str | None) -> None:
    found = one(sql)
    assert found.name == name
    assert (found.inner.kind if found.inner is not None else None) == inside


@pytest.mark.parametrize(
    ("sql", "options"),
    [
        ("explain (analyze) select 1", ("analyze",)),
        ("explain (costs off, Format json) select 1", ("costs", "format")),
        ('explain ("analyze" true) select 1', ("analyze",)),
        ("explain (select 1)", ()),
        ("explain analyze select 1", ()),
    ],
)
def test_options_of_an_explanation(sql: str, options: tuple[str, ...]) -> None:
    assert one(sql).options == options


def test_statements_are_cut_where_postgres_cuts_them() -> None:
    found = split(";; select 1 ; ; prepare a as select ';' ;/* ; */ close a -- ;")
    assert [each.kind for each in found] == ["SELECT", "PREPARE", "CLOSE"]
    assert [each.original.strip() for each in found][:2] == ["select 1", "prepare a as select ';'"]
    assert split(" ; -- nothing\n") == ()


def test_names_are_those_postgres_compares() -> None:
    long = "x" * 70
    assert one(f'execute "{long}"').name == "x" * 63
    assert one(f'select {long.upper()}, "Ab", ab, \'cd\'').identifiers() == {
        "select", "x" * 63, "Ab", "ab",
    }  # fmt: skip
