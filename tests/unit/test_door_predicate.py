"""Row conditions are read for the columns they use, and for nothing that could end them."""

import pytest
from hypothesis import given, strategies as st

from klover.door.predicate import columns_used
from klover.errors import PolicyError
from klover.policy.predicate import refuse_predicate

COLUMNS = {
    "visibility": "text", "owner id": "bigint", "removed_at": "text", "Mixed": "text",
    "n": "integer",
}  # fmt: skip
KINDS = {
    "n": "integer", "s": "text", "d": "date", "at": "timestamp with time zone", "ok": "boolean",
    "price": "numeric(5,2)", "f": "double precision", "ns": "integer[]", "ss": "text[]",
    "mood": "public.mood", "small": "public.short", "doc": "jsonb", "ip": "cidr",
    "end": "integer", "C": "integer", "Odd one": "integer", "local": "integer", "text": "integer",
    "é": "integer", "É": "text",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("visibility = 'public'", {"visibility"}),
        ("VISIBILITY in ('removed_at', 'n')", {"visibility"}),
        ('"owner id" > 3 and (removed_at is null)', {"owner id", "removed_at"}),
        ('"Mixed" is not null or mixed = 1', {"Mixed"}),
        ("videos.visibility::text = 'it''s n' and n[1] > 0", {"visibility", "n"}),
    ],
)
def test_the_columns_a_condition_uses(text: str, used: set[str]) -> None:
    assert columns_used(text, COLUMNS) == used


@pytest.mark.parametrize(
    "text",
    [
        "visibility = 'public'; drop table videos",
        "true) or (true",
        "visibility = 'public' -- and more",
        "visibility /* */ = 'public'",
        "exists (select 1)",
        "visibility = $$public$$",
        r"visibility = e'\''",
        "visibility = u&'x'",
        "visibility = 'open",
        "(visibility = 'public'",
        "n[1) = 1",
        "",
    ],
)
def test_what_is_no_single_expression_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="one condition"):
        columns_used(text, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "visibility::int > 3",
        "(n->>'a')::numeric > 1",
        "removed_at::date < '2026-01-01'",
        "cast(visibility as date) is null",
        "CAST (visibility AS int) = 1",
        "visibility::public.email_address is not null",
        'visibility::"Mood" is not null',
        "visibility::text[] = '{}'",
        "visibility::regclass is not null",
        "'x' = any(visibility::text::text[])",
        "to_date(visibility, 'YYYY') < now()",
        "date(visibility) < now()",
        "pg_catalog.int4(visibility) = 1",
        "date_trunc(visibility, removed_at) is null",
        "now() at time zone visibility > removed_at",
        "current_setting(visibility) = 'x'",
        "has_table_privilege(visibility, 'select')",
        "pg_relation_size(visibility) > 0",
        "chr(n) = 'x'",
        '"int4"(visibility) = 1',
        "cast('' || visibility as int) > 0",
        "int4('1' || visibility) = 1",
        "make_date(2026, n, 1) < now()",
        "to_date('2026', visibility) < now()",
        "date_trunc('day', removed_at, visibility) < now()",
        "regclass(visibility) is null",
        "public.point(visibility) is null",
        "visibility::character varying[] = '{}'",
        "visibility::varchar(20)[] = '{}'",
        "visibility::text array = '{}'",
    ],
)
def test_what_would_say_a_value_in_its_error_is_refused(text: str) -> None:
    """Hidden rows are asked, too, and whoever looks through the view reads the error."""
    with pytest.raises(PolicyError, match="says in its error the value"):
        columns_used(text, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "removed_at < '2026-01-01'::date",
        "visibility = 'public'::public.visibility",
        "visibility::text = 'public'",
        "visibility::varchar(10) = 'x' or visibility::pg_catalog.text = 'y'",
        "lower(visibility) = 'public' and coalesce(n, 0) > 3",
        "date_trunc('day', removed_at) < now()",
        "removed_at at time zone 'UTC' < now()",
        "date_trunc('day', coalesce(removed_at, now()), 'UTC') < now()",
        "removed_at > date('2026-01-01') and n > 1::bigint",
        "removed_at > cast('2026-01-01' as timestamp(0))",
        "removed_at > make_date(2026, -1, 1)",
        "visibility::character varying(10) = 'x' and visibility::char = 'y'",
        "visibility = any (array['a', 'b'])",
    ],
)
def test_what_reads_constants_only_is_accepted(text: str) -> None:
    assert columns_used(text, COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        "n::bigint > 3 and not n::numeric = 4",
        "cast(n as double precision) > 1 or n::float8 > 1",
        "d::timestamptz < now() and (d::timestamp without time zone) < now()",
        "at::date < '2026-01-01' and at::time > '12:00'",
        "ok::int + n::int8 > 1",
        "f::numeric > 1 and price::numeric > 1",
        "ns::bigint[] is not null and ss::text[] is not null and ns::text array is null",
        "mood::text = 'good' and doc::json is not null and ip::inet << '10.0.0.0/8'",
        '"Odd one"::pg_catalog.int8 > 1 and "é"::bigint > 1',
        "coalesce(n::bigint, 0) > 0 and case when ok then n::bigint else n::numeric end > 0",
    ],
)
def test_a_cast_that_cannot_fail_for_the_columns_type_is_accepted(text: str) -> None:
    assert columns_used(text, KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "s::int > 1",
        "cast(s as date) < now()",
        "n::smallint > 1",
        "price::float8 > 1",
        "price::int > 1",
        "n::numeric(3,1) > 1",
        "at::timestamp(0) is null",
        "d::int > 1",
        "ss::int[] is null",
        "s::text[] is null",
        "n::bigint[] is null",
        "doc::int > 1",
        "n::public.mood is null",
        'n::"int8" > 1',
        "small::int > 1",
        "unknown::bigint > 1",
        # What stands before the colons is no column, or not all that is cast.
        "n::bigint::int > 1",
        "s::text::int > 1",
        "case when ok then s end::bigint > 1",
        's collate "C"::bigint > 1',
        "s at local::bigint > 1",
        "x.n::bigint > 1",
        "(s)::bigint > 1",
        "lower(s)::bigint > 1",
        "ss[1:n]::bigint[] is null",
        "cast(s || n as bigint) > 1",
        "cast(n::text as bigint) > 1",
        "É::bigint > 1",
    ],
)
def test_any_other_cast_is_refused_though_the_types_are_known(text: str) -> None:
    with pytest.raises(PolicyError, match="says in its error the value"):
        columns_used(text, KINDS)


@pytest.mark.parametrize("text", ["s::int > 1", "cast(s as date) < now()", "s::text[] is null"])
def test_without_a_database_a_cast_passes_that_could_be_harmless(text: str) -> None:
    assert refuse_predicate(text) is None
    assert refuse_predicate(text, KINDS)


@given(text=st.text(alphabet="abn()[]'\";-/*=$ \n", max_size=30))
def test_whatever_passes_is_closed_and_has_no_end(text: str) -> None:
    try:
        columns_used(text, COLUMNS)
    except PolicyError:
        return
    bare, quote = [], ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            bare.append(sign)
    outside = "".join(bare)
    assert not quote
    assert ";" not in outside
    assert "--" not in outside
    assert "/*" not in outside
    assert outside.count("(") == outside.count(")")
