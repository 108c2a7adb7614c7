"""Names of doors: functions of the policy, within 63 bytes, never shared."""

import pytest
from hypothesis import given, strategies as st

from klover.catalog import TableName
from klover.door import naming
from klover.errors import PolicyError

_TEXT = st.text(min_size=1, max_size=80)


def test_the_names_of_a_door() -> None:
    assert naming.schema("trust-and-safety") == "door_trust_and_safety"
    assert naming.owner_role("trust-and-safety") == "klover_owner_trust_and_safety"
    assert naming.door_role("trust-and-safety") == "klover_door_trust_and_safety"
    assert naming.session_roles("trust-and-safety", 2) == (
        "klover_s_trust_and_safety_01",
        "klover_s_trust_and_safety_02",
    )


@given(audience=_TEXT, table=_TEXT)
def test_every_name_fits(audience: str, table: str) -> None:
    entity = TableName("a_schema", table[:40])
    names = [
        naming.schema(audience),
        naming.owner_role(audience),
        naming.door_role(audience),
        *naming.session_roles(audience, 999),
        naming.stored(audience, entity, table, 999),
        naming.stored_index(naming.stored(audience, entity, table, 999), entity),
        naming.trigger(entity, "insert"),
        naming.previous_view(table[:63]),
        naming.keeper(entity),
    ]
    assert all(0 < len(name.encode()) <= 63 for name in names)


@given(one=_TEXT, other=_TEXT)
def test_two_audiences_share_no_role(one: str, other: str) -> None:
    """A pool's last part is a number: no audience's name can grow into another's pool."""
    if naming.slug(one) != naming.slug(other):
        assert not set(naming.session_roles(one, 3)) & set(naming.session_roles(other, 3))


def test_audiences_that_would_share_a_door_are_refused() -> None:
    with pytest.raises(PolicyError, match="a-b, a_b"):
        naming.slugs(["a-b", "a_b", "c"])


def test_views_take_the_tables_names_and_the_schema_where_two_clash() -> None:
    names = naming.view_names(
        [TableName("public", "users"), TableName("shop", "users"), TableName("shop", "orders")]
    )
    assert names == {
        TableName("public", "users"): "users",
        TableName("shop", "users"): "shop_users",
        TableName("shop", "orders"): "orders",
    }


def test_views_without_a_name_of_their_own_are_refused() -> None:
    with pytest.raises(PolicyError, match="no name of its own"):
        naming.view_names(
            [
                TableName("public", "shop_users"),
                TableName("public", "users"),
                TableName("shop", "users"),
            ]
        )


@pytest.mark.parametrize("count", [0, 1000])
def test_a_pool_has_a_size(count: int) -> None:
    with pytest.raises(ValueError, match="session roles"):
        naming.session_roles("a", count)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TableName("public", "a__b"), TableName("a", "b")),
        (TableName("a", "b__c"), TableName("a__b", "c")),
        (TableName("a_", "b"), TableName("a", "_b")),
        (TableName("public", "a___b"), TableName("a", "_b")),
    ],
)
def test_two_tables_share_no_pseudonyms(one: TableName, other: TableName) -> None:
    assert naming.stored("staff", one, "id", 1) != naming.stored("staff", other, "id", 1)
    assert naming.keeper(one) != naming.keeper(other)
