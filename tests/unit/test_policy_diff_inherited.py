"""What a diff says of tables that inherit: their entries do not tell whose rule they follow."""

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import Catalog
from klover.policy.diff import diff, diff_resolved
from klover.policy.difference import Direction, overall
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.trace import trace

HEAD = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: users, key: id, home: none, inside: [EEA]}
audiences: {abroad: {who: {groups: [g], located: any}, sees: [interoperable, public]}}
"""
USERS = table("users", "id bigint pk", "email text")
SHARED = catalog(
    USERS,
    table("lists", "id bigint pk", "name text"),
    table("lists_eu", "id bigint", "name text", "secret text", inherits=("lists",)),
)
TRACED = catalog(
    USERS,
    table("posts", "id bigint pk", "user_id bigint -> users.id"),
    table("posts_eu", "id bigint", "user_id bigint", "secret text", inherits=("posts",)),
)
LISTS = "tables:\n  users: {columns: {id: public}}\n  lists: shared\n"
POSTS = (
    "tables:\n  users: {columns: {id: public}}\n"
    "  posts: {subject: user_id, public_rows: true, hangs_off: [], columns: {user_id: public}}\n"
)
OPEN = 'defaults: {columns: {secret: {class: public, identifies: "no"}}}\n'
CLOSED = "  lists_eu: {columns: {secret: restricted}}\n"


def read(text: str) -> Policy:
    return parse(HEAD + text, "k.yaml")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (LISTS + CLOSED, LISTS, SHARED),
        (LISTS + CLOSED, LISTS + "  lists_eu: {columns: {secret: public}}\n", SHARED),
        (OPEN + POSTS + "  posts_eu: {columns: {secret: restricted}}\n", OPEN + POSTS, TRACED),
        (
            'defaults: {tables: {"*_eu": shared}}\n' + POSTS,
            'defaults: {tables: {"*_eu": shared}}\n'
            + POSTS
            + '  posts_eu: {columns: {secret: {class: public, identifies: "no"}}}\n',
            TRACED,
        ),
    ],
    ids=[
        "gone below a shared table",
        "opened",
        "left to a default",
        "below a table, not a default",
    ],
)
def test_what_a_table_that_inherits_shows_anew_loosens(old: str, new: str, found: Catalog) -> None:
    was, is_now = read(old), read(new)
    assert overall(diff_resolved(trace(was, found), trace(is_now, found))) is Direction.LOOSENS
    assert overall(diff(was, is_now)) is Direction.LOOSENS


def test_what_it_no_longer_shows_tightens() -> None:
    was, is_now = read(LISTS), read(LISTS + CLOSED)
    assert overall(diff_resolved(trace(was, SHARED), trace(is_now, SHARED))) is Direction.TIGHTENS
    assert overall(diff(was, is_now)) is Direction.TIGHTENS
    assert diff(is_now, is_now) == ()
