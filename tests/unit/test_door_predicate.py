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
