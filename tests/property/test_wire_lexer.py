"""The lexer against Postgres itself: the same statements, the same names, the same refusals.

Hypothesis puts together what makes scanners disagree: quotes, comments, dollars, escapes, signs.
Each text is run as it is; where Postgres takes it, both have to count the same statements.
"""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from klover.store.connect import connect
from klover.store.embedded import Server
from klover.wire.lexer import Kind, UnlexableError, lex, truncate
from klover.wire.redact import redact
from klover.wire.statement import split

Connection = psycopg.Connection[tuple[object, ...]]

FRAGMENTS = st.sampled_from(
    [
        "'", '"', "''", '""', "$", "$$", "$a$", "$b$", "$1", "--", "/*", "*/", "*", "/", "-", "+",
        "\n", "\r", " ", "\t", "\f", ";", "e'", "E'", "b'", "x'", "n'", "u&'", 'u&"', "U&'",
        "\\", "\\'", "\\0061", "\\+000061", " uescape '!'", "!", "select", " select 1 ", "a", "_",
        "é", "1", "1.", ".5", "1e5", "0x1f", "1_0", "(", ")", ",", "::", ":=", "=", "<", ">", "@",
        "x", "\u00a0", "\u2028", "'a'", "'a'\n'b'", "as", "[", "]", "|", "#", "&", "%", "^", "~",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=14).map("".join)
SLOW = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def oracle(server: Server) -> Iterator[Connection]:
    with connect(server.dsn(), what="the test server") as connection:
        yield connection


def _results(oracle: Connection, text: str) -> tuple[int, bool]:
    """Count the statements that Postgres completes, and tell whether any was refused."""
    pgconn = oracle.pgconn
    pgconn.send_query(text.encode())
    done, failed = 0, False
    while (result := pgconn.get_result()) is not None:
        status = psycopg.pq.ExecStatus(result.status)
        if status is psycopg.pq.ExecStatus.FATAL_ERROR:
            failed = True
        elif status is not psycopg.pq.ExecStatus.EMPTY_QUERY:
            done += 1
    return done, failed


@SLOW
@given(st.lists(TEXTS.map("select 1 as c {}".format), min_size=1, max_size=4).map(";".join))
@example("select 1 as c 'a' -- x\n 'b'; select 2")
@example("select $a$;$a$; select $$a$$;")
@example("select /* ; /* ; */ ; */ 1; ; -- ; \n select 2")
@example("select e'\\';' ; select 1")
@example("select '\\'; select 1 --'")
@example("select U&\"d!;\" uescape '!' ; select 1")
@example("select 1 as \"a;b\"; select 'a\n;' '\n'")
def test_statements_are_counted_as_postgres_counts_them(oracle: Connection, text: str) -> None:
    done, failed = _results(oracle, text)
    try:
        statements = split(text)
    except UnlexableError:
        assert failed, "Postgres accepts what the lexer refuses"
        return
    if not failed:
        assert len(statements) == done
    assert done <= len(statements)


NASTY = st.lists(
    st.sampled_from(
        ["a", ";", "--", "/*", "*/", "$", "$a$", "\\\\", "\n", "''", '""', "\\'", "'", "é", " "]
    ),
    max_size=6,
).map("".join)  # fmt: skip
LITERALS = st.tuples(
    st.sampled_from(
        ["'{}'", "e'{}'", "$${}$$", "$a${}$a$", "/*{}*/ 1", "1 --{}\n", "n'{}'", "U&'{}'",
         "'x'\n'{}'", "'x' --{}\n 'y'", "'x' /*{}*/", '1 as "{}"', "1+-/*{}*/-1", "$é${}$é$"]
    ),
    NASTY,
).map(lambda pair: pair[0].format(pair[1]))  # fmt: skip


@SLOW
@given(st.lists(st.lists(LITERALS, min_size=1, max_size=3).map(", ".join), min_size=1, max_size=3))
def test_literals_end_where_postgres_ends_them(oracle: Connection, selects: list[str]) -> None:
    text = ";".join(f"select {one}" for one in selects)
    done, failed = _results(oracle, text)
    try:
        statements = split(text)
    except UnlexableError:
        assert failed, "Postgres accepts what the lexer refuses"
        return
    if not failed:
        assert len(statements) == done


NAMES = st.lists(
    st.sampled_from(
        ["a", "B", "é", "É", "_", "$", "1", '""', "\\0061", "\\+01F600", "\\\\", "!0062", "Z" * 40,
         " ", "-", "\\D83D\\DE00", "ÅÅÅÅÅÅÅÅÅÅ", ";", "'", "--", "/*"]
    ),
    min_size=1,
    max_size=5,
).map("".join)  # fmt: skip


@SLOW
@given(NAMES, st.sampled_from(['"{}"', 'U&"{}"', "U&\"{}\" uescape '!'", "{}"]))
def test_names_are_read_as_postgres_reads_them(oracle: Connection, name: str, form: str) -> None:
    text = f"select 1 as {form.format(name)}"
    pgconn = oracle.pgconn
    pgconn.send_query(text.encode())
    told: list[str] = []
    failed = False
    while (result := pgconn.get_result()) is not None:
        failed = failed or result.status == psycopg.pq.ExecStatus.FATAL_ERROR
        if result.nfields:
            told.append((result.fname(0) or b"").decode())
    try:
        tokens = lex(text)
    except UnlexableError:
        assert failed, "Postgres accepts what the lexer refuses"
        return
    if not failed and len(told) == 1 and len(tokens) == 4:
        assert [truncate(tokens[3].value)] == told


@given(TEXTS)
def test_tokens_cover_the_text_in_order(text: str) -> None:
    try:
        tokens = lex(text)
    except UnlexableError:
        return
    at = 0
    for token in tokens:
        assert at <= token.start < token.end <= len(text)
        at = token.end


@given(TEXTS)
def test_a_record_holds_no_literal_and_no_name_of_the_texts_own(text: str) -> None:
    try:
        tokens = lex(f"{text}")
    except UnlexableError:
        return
    told = redact(tokens, frozenset())
    for token in tokens:
        if token.kind in {Kind.STRING, Kind.QUOTED} and token.value.isalpha():
            assert f"'{token.value}'" not in told
            assert f'"{token.value}"' not in told


@pytest.mark.parametrize(
    "text",
    ["'a" + "''" * 50_000, "/*" * 50_000, "$a$" + "$b$" * 50_000, "1_" * 50_000,
     'U&"' + "\\" * 50_001 + '"', "'a'\n'" * 50_000 + "'b"],
)  # fmt: skip
def test_no_refusal_takes_long(text: str) -> None:
    with pytest.raises(UnlexableError):
        lex(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("'a' " + "-- " * 50_000, 1), ("- " * 50_000, 50_000), ("(" * 50_000, 50_000)],
)
def test_no_text_takes_long(text: str, tokens: int) -> None:
    assert len(lex(text)) == tokens
