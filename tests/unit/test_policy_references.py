"""Arrays, pairs and keys of several columns: from the text to lineages, parents and sight."""

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, TableName
from klover.errors import PolicyError
from klover.policy.faults import PolicyErrors
from klover.policy.model import Identifies
from klover.policy.parse import parse
from klover.policy.resolved import NamedRow, Resolved, Show
from klover.policy.sight import see
from klover.policy.trace import trace

HEAD = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: none, inside: [EEA]}
audiences:
  abroad: {who: {groups: [g], located: any}, sees: [interoperable, public]}
tables:
  accounts: {public_rows: true, columns: {id: interoperable}}
"""
ACCOUNTS = table("accounts", "id bigint pk", "handle text null")
STATUSES = table("statuses", "id bigint pk", "account_id bigint -> accounts.id", "shown boolean")
CHATS = table("chats", "id uuid pk", "members bigint[]", "ids integer[] null")
NOTES = table(
    "notes",
    "id bigint pk",
    "account_id bigint -> accounts.id",
    "about_id bigint null",
    "about_type text null",
)
CATALOG = catalog(ACCOUNTS, STATUSES, CHATS, NOTES)
STATUS = "  statuses: {subject: account_id, columns: {id: interoperable}}\n"
CHAT = """\
  chats:
    subject: members[]
    references:
      members[]: accounts.id
    columns: {id: interoperable, members: interoperable, ids: interoperable}
"""
NOTE = """\
  notes:
    subject: [account_id, about_id(Status).account_id, 'about_id("Web::Person")']
    references:
      about_id: {by: about_type, Status: statuses.id, "Web::Person": accounts.id}
    columns: {about_id: interoperable, about_type: public}
"""
ALL = STATUS + CHAT + NOTE


def name(text: str) -> TableName:
    return TableName.parse(text)


def resolve(tables: str, found: Catalog = CATALOG, head: str = HEAD) -> Resolved:
    return trace(parse(head + tables, "k.yaml"), found)


def errors(tables: str, found: Catalog = CATALOG, head: str = HEAD) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        resolve(tables, found, head)
    error = caught.value
    return [str(one) for one in (error.errors if isinstance(error, PolicyErrors) else (error,))]


def names(resolved: Resolved, table_name: str, column: str) -> tuple[NamedRow, ...]:
    sight = see(resolved, resolved.policy.audiences["abroad"])[name(table_name)]
    (found,) = [one for one in sight.columns if one.column == column]
    assert (found.show is Show.PSEUDONYM) == bool(found.names)
    return found.names


def test_each_element_of_an_array_refers() -> None:
    resolved = resolve(ALL)
    chats = resolved.tables[name("chats")]
    ((hop,),) = chats.lineages
    assert (hop.source_columns, hop.element, hop.backward) == (("members",), True, False)
    assert chats.columns["members"].identifies is Identifies.DIRECTLY
    assert names(resolved, "chats", "members") == (
        NamedRow(entity=name("accounts"), columns=("members",), element=True),
    )


def test_the_halves_of_a_pair_are_lineages_of_their_own() -> None:
    resolved = resolve(ALL)
    own, status, person = resolved.tables[name("notes")].lineages
    assert [hop.when for hop in own] == [None]
    assert [hop.when for hop in status] == [("about_type", "Status"), None]
    assert [(hop.when, hop.target) for hop in person] == [
        (("about_type", "Web::Person"), name("accounts"))
    ]
    assert names(resolved, "notes", "about_id") == (
        NamedRow(
            entity=name("accounts"), columns=("about_id",), when=("about_type", "Web::Person")
        ),
        NamedRow(entity=name("statuses"), columns=("about_id",), when=("about_type", "Status")),
    )
    assert names(resolved, "notes", "about_type") == ()


def test_paths_go_back_over_arrays_and_pairs() -> None:
    seats = table("seats", "id bigint pk")
    pins = table(
        "pins", "id bigint pk", "account_id bigint -> accounts.id", "what bigint", "k text"
    )
    resolved = resolve(
        CHAT.replace("members[]: accounts.id", "members[]: accounts.id\n      ids[]: seats.id")
        + "  seats: {subject: 'from chats.ids[].members[]'}\n"
        + "  pins: {subject: account_id, references: {what: {by: k, Item: items.id}}}\n"
        + "  items: {subject: from pins.what(Item).account_id}\n",
        catalog(ACCOUNTS, CHATS, seats, pins, table("items", "id bigint pk")),
    )
    ((back, on),) = resolved.tables[name("seats")].lineages
    assert (back.backward, back.element, back.source_columns, back.target_columns) == (
        True, True, ("id",), ("ids",)
    )  # fmt: skip
    assert (on.backward, on.element) == (False, True)
    ((back, _),) = resolved.tables[name("items")].lineages
    assert (back.backward, back.when) == (True, ("k", "Item"))


def test_rows_hang_off_every_element_and_all_halves() -> None:
    chat = (
        CHAT.replace("members[]: accounts.id", "members[]: statuses.id") + "    public_rows: true\n"
    )
    chat = chat.replace("subject: members[]", "subject: members[].account_id")
    resolved = resolve(STATUS + chat + NOTE + "    public_rows: true\n")
    (parent,) = resolved.tables[name("chats")].parents
    assert (parent.target, parent.element) == (name("statuses"), True)
    # Accounts are all public, yet their half stands with the other: unlisted types are restricted.
    halves = resolved.tables[name("notes")].parents
    assert [key.when and key.when[1] for key in halves] == ["Status", "Web::Person"]
    resolved = resolve(
        ALL.replace("statuses: {", "statuses: {public_rows: true, ") + "    public_rows: true\n"
    )
    assert resolved.tables[name("notes")].parents == ()


TENANTS = table("tenants", "id integer pk", "name text")
USERS = table(
    "users",
    "id bigint",
    "tenant_id integer -> tenants.id",
    "boss bigint null",
    key=("tenant_id", "id"),
    foreign=(("tenant_id boss", "users", "tenant_id id"),),
)
ORDERS = table("orders", "no bigint pk", "tenant_id integer -> tenants.id", "user_id bigint")
LINES = table("lines", "user_id bigint", "t integer", "at date", key=("t", "user_id"))
WIDE = HEAD.replace("accounts, key: id", "users, key: [tenant_id, id]").replace(
    "  accounts: {public_rows: true, columns: {id: interoperable}}\n", ""
)
TENANTED = """\
  users: {columns: {id: interoperable, tenant_id: interoperable, boss: interoperable}}
  tenants: shared
  orders:
    subject: user_id
    references: {"(tenant_id, user_id)": "users.(tenant_id, id)"}
    columns: {no: interoperable, user_id: interoperable, tenant_id: interoperable}
  lines:
    subject: (user_id, t)
    references: {"(user_id, t)": 'users.(id, "tenant_id")'}
    columns: {user_id: interoperable, t: interoperable}
"""
TENANT_CATALOG = catalog(TENANTS, USERS, ORDERS, LINES)


def test_keys_of_several_columns_are_followed_and_named() -> None:
    resolved = resolve(TENANTED, TENANT_CATALOG, WIDE)
    assert resolved.policy.subjects.key == ("tenant_id", "id")
    ((hop,),) = resolved.tables[name("orders")].lineages
    assert hop.source_columns == ("tenant_id", "user_id")
    assert hop.target_columns == ("tenant_id", "id")
    users = name("users")
    assert names(resolved, "users", "id") == (NamedRow(entity=users, columns=("tenant_id", "id")),)
    assert names(resolved, "users", "boss") == (
        NamedRow(entity=users, columns=("tenant_id", "boss")),
    )
    assert names(resolved, "orders", "user_id") == (
        NamedRow(entity=users, columns=("tenant_id", "user_id")),
    )
    # The key of lines is a reference too, written in another order: the same person's row.
    assert names(resolved, "lines", "user_id") == (
        NamedRow(entity=users, columns=("t", "user_id")),
    )
    sight = see(resolved, resolved.policy.audiences["abroad"])[name("orders")]
    shown = {column.column: column.show for column in sight.columns}
    assert shown["tenant_id"] is Show.CLEAR  # refers to a shared table
    assert shown["no"] is Show.PSEUDONYM


WRITTEN = """\
  statuses: {subject: account_id, columns: {id: interoperable}}
  versions:
    subject: [item_id(Status).account_id, item_id(Chat).owner]
    references:
      item_id: {by: item_type, Status: statuses.id, Chat: chats.id}
      owner: accounts.id
    columns: {item_id: interoperable, item_type: public, owner: interoperable}
  chats: {subject: owner, references: {owner: accounts.id}, columns: {id: interoperable}}
"""


def test_a_text_may_hold_a_number_or_a_uuid() -> None:
    versions = table(
        "versions", "id bigint pk", "item_id character varying null", "item_type text", "owner text"
    )
    chats = table("chats", "id uuid pk", "owner bigint")
    resolved = resolve(WRITTEN, catalog(ACCOUNTS, STATUSES, chats, versions))
    traced = resolved.tables[name("versions")]
    assert [key.texts for key in traced.references] == [{"item_id"}, {"item_id"}, {"owner"}]
    assert [hop.texts for line in traced.lineages for hop in line] == [
        {"item_id"}, set(), {"item_id"}, set()
    ]  # fmt: skip
    assert [named.entity for named in names(resolved, "versions", "item_id")] == [
        name("statuses"), name("chats"),
    ]  # fmt: skip


REFUSED = [
    (CHAT, "members[]: acc", "members: acc", 13, "is an array; write `members[]`"),
    (CHAT, "subject: members[]", "subject: members", 11, "is an array; write `members[]`"),
    (CHAT, "members[]: acc", "id[]: acc", 13, "is no array; leave out `[]`"),
    (CHAT, "accounts.id", "accounts.handle", 13, "values of the two cannot be equal"),
    (CHAT, "members[]: acc", "seats[]: acc", 13, "Table chats has no column 'seats'"),
    (CHAT, "members[]: acc", "(id, ids): acc", 13, "2 columns cannot refer to 1"),
    (NOTE, "about_id(Status)", "about_id", 11, "one side of a pair; say which"),
    (NOTE, "about_id(Status)", "about_id(State)", 11, "did you mean 'Status'?"),
    (NOTE, "by: about_type, ", "", 13, "needs `by:`"),
    (NOTE, "by: about_type", "by: kind", 13, "has no column 'kind'"),
    (NOTE, ', Status: statuses.id, "Web::Person": accounts.id', "", 13, "names no type"),
    (NOTE, "Status: statuses.id", "Status: statuses", 13, "has to be `table.column`"),
    (NOTE, "      about_id: {", '      "about_id[]": {', 13, "not a pair"),
]


@pytest.mark.parametrize(("text", "old", "new", "line", "words"), REFUSED)
def test_what_cannot_be_followed_is_refused(
    text: str, old: str, new: str, line: int, words: str
) -> None:
    rest = NOTE if text is CHAT else CHAT
    told = errors(STATUS + text.replace(old, new) + rest)
    assert any(one.startswith(f"k.yaml:{line}: ") and words in one for one in told), told


def test_a_home_is_one_rows() -> None:
    (told,) = errors(ALL, head=HEAD.replace("home: none", 'home: "from chats.members[].id"'))
    assert "a home is one row's" in told


def test_the_subjects_key_is_all_of_a_key() -> None:
    (told,) = errors(TENANTED, TENANT_CATALOG, WIDE.replace("[tenant_id, id]", "id"))
    assert "does not tell the rows of users apart" in told


def test_an_array_in_a_list_without_quotes_is_told_what_to_do() -> None:
    (told,) = errors(ALL.replace("subject: members[]", "subject: [members[], id]"))
    assert told.startswith("k.yaml:11: This is not YAML: ")
    assert told.endswith("A name with `[]` needs quotes inside a list.")
    (told,) = errors(ALL.replace("subject: members[]", "subject: [members, id"))
    assert "needs quotes" not in told
