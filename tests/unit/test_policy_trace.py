"""A policy against a catalog: lineages, keys, parents, and each way not to fit."""

import pytest

from doubles.catalogs import POLICY, catalog, table, videos
from klover.catalog import Catalog, TableKind, TableName
from klover.errors import PolicyError
from klover.policy.faults import PolicyErrors
from klover.policy.model import DataClass, Identifies
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace

HEAD = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: HOME, inside: [EEA]}
audiences: {a: {who: {groups: [g], located: any}, sees: public}}
tables:
"""
ACCOUNTS = table("accounts", "id bigint pk", "country text null", "address_id bigint -> address.id")
ADDRESS = table("address", "id bigint pk", "city_id bigint -> city.id")
CITY = table("city", "id bigint pk", "country text")
SMALL = (ACCOUNTS, ADDRESS, CITY)
SMALL_TABLES = "  address: {subject: from accounts.address_id}\n  city: shared\n"


def name(text: str) -> TableName:
    return TableName.parse(text)


def resolve(tables: str, found: Catalog, home: str = "country") -> Resolved:
    return trace(parse(HEAD.replace("HOME", home) + tables, "k.yaml"), found)


def errors(tables: str, found: Catalog, home: str = "country") -> list[str]:
    with pytest.raises(PolicyError) as caught:
        resolve(tables, found, home)
    error = caught.value
    return [str(one) for one in (error.errors if isinstance(error, PolicyErrors) else (error,))]


def ways(resolved: Resolved, table_name: str) -> list[list[str]]:
    return [
        [f"{'back ' if hop.backward else ''}{hop.target}" for hop in lineage]
        for lineage in resolved.tables[name(table_name)].lineages
    ]


def test_the_example_of_the_design_traces() -> None:
    resolved = trace(parse(POLICY, "k.yaml"), videos())
    assert ways(resolved, "accounts") == [[]]
    assert ways(resolved, "follows") == [["accounts"], ["accounts"]]
    assert ways(resolved, "languages") == []
    assert [p.target for p in resolved.tables[name("comments")].parents] == [name("videos")]
    assert resolved.tables[name("videos")].parents == ()
    assert resolved.tables[name("follows")].parents == ()
    (home,) = resolved.home
    assert (home.kind, home.lineage, home.column) == ("country", (), "country")


def test_ways_back_and_home_over_several_keys() -> None:
    resolved = resolve(SMALL_TABLES, catalog(*SMALL), "[country, address_id.city_id.country]")
    assert ways(resolved, "address") == [["back accounts"]]
    (hop,) = resolved.tables[name("address")].lineages[0]
    assert (hop.source_columns, hop.target_columns) == (("id",), ("address_id",))
    found = [([str(hop.target) for hop in one.lineage], one.column) for one in resolved.home]
    assert found == [
        ([], "country"),
        (["address", "city"], "country"),
    ]


def test_composite_keys_are_followed_whole() -> None:
    from klover.catalog import ForeignKey

    base = table("logins", "account_id bigint", "device text", key=("account_id", "device"))
    lines = table("clicks", "id bigint pk", "who bigint", "device text")
    from dataclasses import replace

    base = replace(
        base,
        foreign_keys=(
            ForeignKey(
                name="f", columns=("account_id",), target=name("accounts"), target_columns=("id",)
            ),
        ),
    )
    lines = replace(
        lines,
        foreign_keys=(
            ForeignKey(
                name="g",
                columns=("who", "device"),
                target=name("logins"),
                target_columns=("account_id", "device"),
            ),
        ),
    )
    resolved = resolve(
        "  logins: {subject: account_id}\n  clicks: {subject: who.account_id}\n",
        catalog(table("accounts", "id bigint pk", "country text"), base, lines),
    )
    first, second = resolved.tables[name("clicks")].lineages[0]
    assert first.source_columns == ("who", "device")
    assert second.target == name("accounts")


def test_a_key_to_a_partition_counts_as_one_to_its_table() -> None:
    accounts = table(
        "accounts",
        "id bigint pk",
        "country text",
        partitions=("accounts_1",),
        kind=TableKind.PARTITIONED,
    )
    logins = table("logins", "id bigint pk", "account_id bigint -> accounts_1.id")
    resolved = resolve("  logins: {subject: account_id}\n", catalog(accounts, logins))
    assert ways(resolved, "logins") == [["accounts"]]


def test_a_stated_reference_is_followed_and_goes_before_declared_ones() -> None:
    other = table("other", "id bigint pk")
    logins = table("logins", "id bigint pk", "account_id bigint -> accounts.id|other.id")
    tables = "  other: shared\n  logins: {subject: account_id"
    found = catalog(table("accounts", "id bigint pk", "country text"), other, logins)
    assert "no single key stands" in errors(tables + "}\n", found)[0]
    resolved = resolve(tables + ", references: {account_id: accounts.id}}\n", found)
    assert ways(resolved, "logins") == [["accounts"]]


def test_the_row_key_is_stated_or_primary_or_unique_without_nulls() -> None:
    accounts = table("accounts", "id bigint pk", "country text")
    logins = table(
        "logins",
        "account_id bigint -> accounts.id",
        "token text",
        "note text null",
        unique=(("note",), ("token",)),
    )
    found = catalog(accounts, logins)
    assert resolve("  logins: {subject: account_id}\n", found).tables[name("logins")].key == (
        "token",
    )
    stated = "  logins: {subject: account_id, key: [account_id, token]}\n"
    assert resolve(stated, found).tables[name("logins")].key == ("account_id", "token")


def test_what_a_class_implies() -> None:
    resolved = trace(parse(POLICY, "k.yaml"), videos())
    columns = resolved.tables[name("videos")].columns
    assert columns["id"].identifies is Identifies.DIRECTLY
    assert columns["account_id"].identifies is Identifies.DIRECTLY
    assert columns["visibility"].identifies is Identifies.NO  # enumerated words
    assert columns["title"].identifies is Identifies.DIRECTLY  # free text
    assert columns["language_code"].identifies is Identifies.NO  # refers to a shared table
    shared = resolved.tables[name("languages")].columns["name"]
    assert (shared.data_class, shared.identifies) == (DataClass.PUBLIC, Identifies.NO)


def test_a_column_nobody_named_is_restricted_and_identifies() -> None:
    found = catalog(table("accounts", "id bigint pk", "country text", "new integer"))
    rule = resolve("  accounts: {columns: {id: public}}\n", found).tables[name("accounts")]
    assert rule.columns["new"].data_class is DataClass.RESTRICTED
    assert rule.columns["new"].identifies is Identifies.DIRECTLY
    assert not rule.columns["new"].declared


def test_a_shared_row_that_refers_to_a_persons_row_does_not_publish_it() -> None:
    store = table("store", "id bigint pk", "address_id bigint -> address.id", "name text")
    resolved = resolve(SMALL_TABLES + "  store: shared\n", catalog(*SMALL, store))
    rule = resolved.tables[name("store")].columns["address_id"]
    assert (rule.data_class, rule.identifies) == (DataClass.INTEROPERABLE, Identifies.DIRECTLY)


SELF = table(
    "posts", "id bigint pk", "account_id bigint -> accounts.id", "reply_to bigint null -> posts.id"
)
REFUSED: list[tuple[str, str, str, int, str]] = [
    ("cannot be traced to a subject", "  address: shared\n", "country", 6, "Table city"),
    (
        "cannot be traced to a subject",
        "  address: {columns: {id: public}}\n  city: shared\n",
        "country",
        7,
        "Table address",
    ),
    (
        "no table adress; did you mean 'address'?",
        SMALL_TABLES + "  adress: shared\n",
        "country",
        9,
        "",
    ),
    ("is a foreign table", SMALL_TABLES + "  v: shared\n", "country", 9, "v "),
    ("partition of part", SMALL_TABLES + "  part_1: shared\n", "country", 9, "part_1"),
    (
        "no column 'cty_id'; did you mean 'city_id'?",
        (
            "  city: shared\n  address:\n    subject: from accounts.address_id\n    columns:\n"
            "      id: public\n      cty_id: public\n"
        ),
        "country",
        12,
        "Table address",
    ),
    (
        "no column 'x'",
        "  city: shared\n  address: {subject: from accounts.address_id, key: x}\n",
        "country",
        8,
        "Table address",
    ),
    (
        "no column 'x'",
        "  city: shared\n  address: {subject: from accounts.address_id, hangs_off: x}\n",
        "country",
        8,
        "Table address",
    ),
    (
        "no column 'x'",
        (
            "  city: shared\n  address: {subject: from accounts.address_id,"
            " references: {x: city.id}}\n"
        ),
        "country",
        8,
        "Table address",
    ),
    (
        "names the table town",
        (
            "  city: shared\n  address: {subject: from accounts.address_id,"
            " references: {city_id: town.id}}\n"
        ),
        "country",
        8,
        "Table address",
    ),
    (
        "Table city has no column 'x'",
        (
            "  city: shared\n  address: {subject: from"
            " accounts.address_id, references: {city_id: city.x}}\n"
        ),
        "country",
        8,
        "",
    ),
    (
        "refers to a shared table",
        "  city: shared\n  address: {subject: from accounts.address_id, hangs_off: city_id}\n",
        "country",
        8,
        "",
    ),
    (
        "refers to nothing",
        "  city: shared\n  address: {subject: from accounts.address_id, hangs_off: id}\n",
        "country",
        8,
        "",
    ),
    (
        "ends at city, not at the subjects' table accounts",
        "  city: shared\n  address: {subject: city_id}\n",
        "country",
        8,
        "",
    ),
    ("no single key stands", "  city: shared\n  address: {subject: id}\n", "country", 8, ""),
    (
        "table address has no column 'who'",
        "  city: shared\n  address: {subject: who}\n",
        "country",
        8,
        "",
    ),
    (
        "does not refer to address",
        "  city: shared\n  address: {subject: from accounts.country}\n",
        "country",
        8,
        "",
    ),
    (
        "goes back to the table account",
        "  city: shared\n  address: {subject: from account.id}\n",
        "country",
        8,
        "did you mean 'accounts'?",
    ),
    (
        "table accounts has no column 'adress_id'",
        "  city: shared\n  address: {subject: from accounts.adress_id}\n",
        "country",
        8,
        "",
    ),
    (
        "is not shared and has no `subject`",
        SMALL_TABLES + "  accounts: shared\n",
        "country",
        9,
        "accounts holds the subjects",
    ),
    ("no column 'land'", SMALL_TABLES, "land", 4, "The home path"),
    ("no single key stands", SMALL_TABLES, "country.code", 4, ""),
]


@pytest.mark.parametrize(("words", "tables", "home", "line", "more"), REFUSED)
def test_refused_with_the_line(words: str, tables: str, home: str, line: int, more: str) -> None:
    found = catalog(
        *SMALL,
        table("v", "id bigint", kind=TableKind.FOREIGN),
        *([table("part", "id bigint pk", partitions=("part_1",))] if "part_1" in tables else []),
    )
    told = errors(tables, found, home)
    where = f"k.yaml:{line}: " if line else "k.yaml: "
    more = more.replace("The home path", "The path")
    assert any(one.startswith(where) and words in one and more in one for one in told), told


def test_a_traced_table_needs_a_key_and_a_shared_one_does_not() -> None:
    accounts = table("accounts", "id bigint pk", "country text")
    log = table("log", "account_id bigint -> accounts.id", "at date")
    (told,) = errors("  log: {subject: account_id}\n", catalog(accounts, log))
    assert told.startswith("k.yaml:7: Table log has no primary key")
    assert resolve("  log: shared\n", catalog(accounts, log)).tables[name("log")].key == ()


def test_subjects_have_to_be_there() -> None:
    (told, *_) = errors("  city: shared\n", catalog(CITY))
    assert told == "k.yaml:4: The database has no table accounts; known are city."
    wrong = table("accounts", "key bigint pk", "country text")
    (told,) = errors("  accounts: {public_rows: true}\n", catalog(wrong))
    assert told.startswith("k.yaml:4: Table accounts has no column 'id'")


def test_the_subjects_key_has_to_tell_them_apart() -> None:
    text = HEAD.replace("HOME", "country").replace("key: id", "key: country")
    with pytest.raises(PolicyError) as caught:
        trace(parse(text + SMALL_TABLES, "k.yaml"), catalog(*SMALL))
    assert "does not tell the rows of accounts apart" in str(caught.value)
    assert caught.value.line == 4


def test_rows_that_hang_off_themselves_are_refused_until_told() -> None:
    found = catalog(table("accounts", "id bigint pk", "country text"), SELF)
    posts = "  posts: {subject: account_id, public_rows: id > 0"
    (told,) = errors("  accounts: {public_rows: true}\n" + posts + "}\n", found)
    assert told.startswith("k.yaml:8: Rows of posts hang off themselves (posts → posts)")
    for stated in ("[]", "account_id"):
        resolved = resolve(
            "  accounts: {public_rows: true}\n" + posts + f", hangs_off: {stated}}}\n", found
        )
        assert len(resolved.tables[name("posts")].parents) == len(stated.strip("[]")) // 10
    (told,) = errors(posts + ", hangs_off: reply_to}\n", found)
    assert "hang off themselves" in told


def test_a_circle_of_two_is_told_once() -> None:
    a = table("a", "id bigint pk", "who bigint -> accounts.id", "b_id bigint -> b.id")
    b = table("b", "id bigint pk", "who bigint -> accounts.id", "a_id bigint -> a.id")
    accounts = table("accounts", "id bigint pk", "country text")
    tables = "  a: {subject: who, public_rows: id > 0}\n  b: {subject: who, public_rows: id > 0}\n"
    (told,) = errors(tables, catalog(accounts, a, b))
    assert "a → b → a" in told


def test_a_cast_in_public_rows_has_to_be_harmless_for_the_columns_type() -> None:
    found = catalog(
        table("accounts", "id bigint pk", "country text"),
        table("posts", "id integer pk", "account_id bigint -> accounts.id", "body text"),
    )
    posts = "  posts: {subject: account_id, public_rows: 'COLUMN::bigint > 3'}\n"
    assert name("posts") in resolve(posts.replace("COLUMN", "id"), found).tables
    (told,) = errors(posts.replace("COLUMN", "body"), found)
    assert told.startswith(
        "k.yaml:7: Table posts: `public_rows` cannot be used: `::bigint` of body"
    )
    assert "which is text, says in its error the value" in told


def test_rows_without_restricted_parents_need_no_answer() -> None:
    found = catalog(table("accounts", "id bigint pk", "country text"), SELF)
    tables = "  accounts: {public_rows: true}\n  posts: {subject: account_id, public_rows: true}\n"
    assert resolve(tables, found).tables[name("posts")].parents == ()
    hidden = "  posts: {subject: account_id}\n"
    assert resolve(hidden, found).tables[name("posts")].parents == ()
