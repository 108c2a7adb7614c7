"""Values that say nothing, and the names of types they are found by."""

import pytest

from klover.catalog import Column
from klover.policy.neutral import bare_type, has_neutral_key, neutral_value


def column(
    of: str, kind: str = "b", *, labels: tuple[str, ...] = (), element: bool = True
) -> Column:
    return Column(
        name="c",
        ordinal=1,
        type=of,
        type_kind=kind,
        base_type=of,
        element_type=of.removesuffix("[]") if element and of.endswith("[]") else None,
        enum_labels=labels,
    )


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("text", "text"),
        ("character varying(40)", "character varying"),
        ("numeric(5,2)", "numeric"),
        ("numeric(5,2)[]", "numeric"),
        ("text[]", "text"),
        ("timestamp(3) with time zone", "timestamp with time zone"),
        ("time(0) without time zone[]", "time without time zone"),
    ],
)
def test_modifiers_come_off_a_type(name: str, bare: str) -> None:
    assert bare_type(name) == bare


@pytest.mark.parametrize(
    ("of", "value"),
    [
        ("text", ""),
        ("numeric(5,2)", "0"),
        ("timestamp(3) with time zone", "1970-01-01 00:00:00+00"),
        ("int4range", "empty"),
        ("datemultirange", "{}"),
        ("integer[]", "{}"),
        ("jsonb", "{}"),
        ("polygon", None),
        ("own.thing", None),
    ],
)
def test_a_type_has_its_neutral_value_or_none(of: str, value: str | None) -> None:
    assert neutral_value(column(of)) == value


def test_a_domain_over_an_array_is_one() -> None:
    assert neutral_value(column("integer[]", "d", element=False)) == "{}"


def test_an_enumeration_has_its_first_word_and_no_key() -> None:
    mood = column("text", "e", labels=("calm", "cross"))
    assert neutral_value(mood) == "calm"
    assert not has_neutral_key(mood)


def test_a_key_is_made_where_the_type_takes_any_text() -> None:
    assert has_neutral_key(column("character varying(40)"))
    assert has_neutral_key(column("uuid"))
    assert not has_neutral_key(column("bigint"))
