"""Row conditions are read for the columns they use, and for nothing that could end them."""

import pytest
from hypothesis import given, strategies as st

from klover.door.predicate import columns_used
from klover.errors import PolicyError

COLUMNS = ("visibility", "owner id", "removed_at", "Mixed", "n")


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
