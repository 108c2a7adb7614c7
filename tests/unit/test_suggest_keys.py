"""Keys that nobody declared: found by names, types and values, and refused by values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, Key, TableName
from klover.policy.suggest import Answer, Draft, Evidence, Question, draft, questions
from klover.policy.suggest.guess import Guess

USERS = table("users", "id bigint pk", "email text", "name text")


def guesses(found: Draft, name: str) -> Mapping[str, Guess]:
    ties = found.tables[TableName.parse(name)].tie
    return {guess.column: guess for guess in ties.all() if not guess.declared}


def target(found: Draft, name: str, column: str) -> str | None:
    guess = guesses(found, name).get(column)
    return f"{guess.target}.{', '.join(guess.target_columns)}" if guess else None


def asked(found: Catalog, name: str, column: str, to: str) -> Question:
    (one,) = (
        question
        for question in questions(found)
        if (str(question.table), question.column, str(question.target)) == (name, column, to)
    )
    return one


def test_names_in_several_styles() -> None:
    found = draft(
        catalog(
            USERS,
            table("Kunden", "kunden_id integer pk", "vorname text", "email text"),
            table("orders", "id bigint pk", "userId bigint", "kundennummer integer"),
            table("notes", "id bigint pk", "id_user bigint", "fk_kunden integer"),
        )
    )
    assert target(found, "orders", "userId") == "users.id"
    assert target(found, "notes", "id_user") == "users.id"
    assert target(found, "notes", "fk_kunden") == "Kunden.kunden_id"


def test_types_have_to_compare() -> None:
    found = draft(catalog(USERS, table("visits", "id bigint pk", "user_id text")))
    assert target(found, "visits", "user_id") is None


def test_a_prefix_that_all_tables_share_is_no_part_of_their_names() -> None:
    prefixed = [
        table("wp_users", "ID bigint pk", "user_email text"),
        table("wp_posts", "ID bigint pk", "post_author bigint", "post_title text"),
        table("wp_comments", "comment_ID bigint pk", "comment_post_ID bigint", "user_id bigint"),
        table("wp_links", "link_id bigint pk", "link_owner bigint"),
    ]
    found = draft(catalog(*prefixed))
    assert str(found.shape.subjects) == "wp_users"
    assert target(found, "wp_comments", "user_id") == "wp_users.ID"
    assert target(found, "wp_comments", "comment_post_ID") == "wp_posts.ID"
    assert target(found, "wp_posts", "post_author") == "wp_users.ID"


def test_parts_that_people_play_and_rows_of_the_same_table() -> None:
    found = draft(
        catalog(
            USERS,
            table("sales", "id bigint pk", "seller_id bigint", "buyerId bigint"),
            table("comments", "id bigint pk", "user_id bigint", "parent_id bigint null"),
            table("products", "id bigint pk", "name text", "created_by bigint"),
        )
    )
    assert target(found, "sales", "seller_id") == "users.id"
    assert target(found, "sales", "buyerId") == "users.id"
    assert target(found, "comments", "parent_id") == "comments.id"
    assert guesses(found, "products")["created_by"].audit
    products = found.tables[TableName.parse("products")]
    assert products.standing == "shared"
    assert "created_by" in (products.question or "")


def test_arrays_refer_by_their_elements() -> None:
    found = draft(catalog(USERS, table("chats", "id bigint pk", "member_user_ids bigint[]")))
    assert guesses(found, "chats")["member_user_ids"].element
    assert [way.text for way in found.tables[TableName.parse("chats")].ways] == [
        "member_user_ids[]"
    ]


def test_keys_of_several_columns() -> None:
    found = draft(
        catalog(
            table("User", "tenantId uuid", "id uuid", "email text", key=("tenantId", "id")),
            table("ApiKey", "id uuid pk", "tenantId uuid", "userId uuid", "hash text"),
            table("Memo", "id uuid pk", "tenantId uuid", "authorId uuid", "text text"),
            table("Stray", "id uuid pk", "userId uuid"),
        )
    )
    assert found.shape.key == ("tenantId", "id")
    assert guesses(found, "ApiKey")["userId"].columns == ("tenantId", "userId")
    assert guesses(found, "Memo")["authorId"].columns == ("tenantId", "authorId")
    assert "userId" not in guesses(found, "Stray")


def samples(name: str, column: str, values: Sequence[str]) -> Evidence:
    return Evidence(samples={TableName.parse(name): {column: values}})


def test_pairs_by_the_types_that_were_sampled() -> None:
    schema = catalog(
        USERS,
        table("video_clips", "id bigint pk", "user_id bigint -> users.id", "title text"),
        table("events", "id bigint pk", "target_type text", "target_id bigint"),
    )
    bare = draft(schema).tables[TableName.parse("events")]
    (pair,) = bare.tie.pairs
    assert (pair.type_column, pair.id_column, pair.halves) == ("target_type", "target_id", ())
    values = ["User", "App\\Models\\VideoClip", "Weather"]
    found = draft(schema, samples("events", "target_type", values))
    halves = found.tables[TableName.parse("events")].tie.pairs[0].halves
    assert {(half.value, str(half.target)) for half in halves} == {
        ("User", "users"),
        ("App\\Models\\VideoClip", "video_clips"),
    }
    assert {way.text for way in found.tables[TableName.parse("events")].ways} == {"target_id(User)"}


def test_values_contradict_a_name() -> None:
    schema = catalog(USERS, table("visits", "id bigint pk", "user_id bigint", "page text"))
    one = asked(schema, "visits", "user_id", "users")
    held = draft(schema, Evidence(answers={one: Answer(asked=200, found=200)}))
    assert guesses(held, "visits")["user_id"].confidence > 0.9
    assert "200 of 200" in guesses(held, "visits")["user_id"].reason
    refused = draft(schema, Evidence(answers={one: Answer(asked=200, found=3)}))
    assert target(refused, "visits", "user_id") is None
    silent = draft(schema, Evidence(answers={one: Answer(asked=0, found=0)}))
    assert target(silent, "visits", "user_id") == "users.id"


def test_values_find_what_no_name_tells() -> None:
    schema = catalog(
        table("people", "id uuid pk", "email text"),
        table("shops", "id uuid pk", "name text"),
        table("visits", "id uuid pk", "ref_id uuid", "page text"),
    )
    one = asked(schema, "visits", "ref_id", "people")
    other = asked(schema, "visits", "ref_id", "shops")
    uuids = {TableName.parse("visits"): {"ref_id": ["0b0c8f5e-5f0e-4c6b-9f3e-1f1e2d3c4b5a"]}}
    answers = {one: Answer(asked=20, found=20), other: Answer(asked=20, found=0)}
    found = draft(schema, Evidence(samples=uuids, answers=answers))
    assert target(found, "visits", "ref_id") == "people.id"
    both = {one: Answer(asked=20, found=20), other: Answer(asked=20, found=20)}
    undecided = draft(schema, Evidence(samples=uuids, answers=both))
    assert target(undecided, "visits", "ref_id") is None


def test_a_few_small_numbers_prove_nothing() -> None:
    schema = catalog(USERS, table("visits", "id bigint pk", "ref_id bigint"))
    one = asked(schema, "visits", "ref_id", "users")
    few = Evidence(answers={one: Answer(asked=10, found=10)})
    assert target(draft(schema, few), "visits", "ref_id") is None
    many = Evidence(answers={one: Answer(asked=150, found=150)})
    assert target(draft(schema, many), "visits", "ref_id") == "users.id"


def test_a_module_is_no_part_of_its_tables_names() -> None:
    found = draft(
        catalog(
            table("acme_users", "id bigint pk", "email text", "first_name text"),
            *(
                table(f"acme_{name}", "id bigint pk", "name text")
                for name in ("variants", "zones", "taxes")
            ),
            *(table(name, "id bigint pk") for name in ("hubs", "exchanges", "schedules", "links")),
            table("enterprises", "id bigint pk", "variant_id bigint", "user_id bigint"),
            table("hub_links", "id bigint pk", "hub_id bigint"),
        )
    )
    assert target(found, "enterprises", "variant_id") == "acme_variants.id"
    assert target(found, "enterprises", "user_id") == "acme_users.id"
    assert target(found, "hub_links", "hub_id") == "hubs.id"


def test_the_tables_own_module_is_looked_in_before_others() -> None:
    found = draft(
        catalog(
            USERS,
            table("oauth_applications", "id bigint pk", "name text"),
            table("member_applications", "id bigint pk", "name text"),
            table("oauth_tokens", "id bigint pk", "application_id bigint", "owner_id bigint"),
        )
    )
    assert target(found, "oauth_tokens", "application_id") == "oauth_applications.id"


def test_whoever_logs_in_is_a_user() -> None:
    found = draft(
        catalog(
            table("patients", "id bigint pk", "full_name text", "gender text", "birth_date date"),
            table("users", "id bigint pk", "full_name text"),
            table("visits", "id bigint pk", "patient_id bigint", "creator_id bigint"),
            table("oauth_tokens", "id bigint pk", "resource_owner_id bigint"),
        )
    )
    assert target(found, "oauth_tokens", "resource_owner_id") == "users.id"
    assert target(found, "visits", "creator_id") == "patients.id"


def test_a_sort_beside_the_id_of_a_table_called_so_makes_no_pair() -> None:
    catalogs = catalog(
        USERS,
        table("facilities", "id uuid pk", "name text"),
        table("visits", "id bigint pk", "facility_id uuid", "facility_type text"),
        table("notes", "id bigint pk", "subject_id uuid", "subject_type text"),
        *(table(f"impound_{name}", "id uuid pk") for name in ("records", "claims", "updates")),
        table("impound_files", "id uuid pk", "record_id uuid", "record_type text"),
    )
    found = draft(catalogs)
    assert target(found, "visits", "facility_id") == "facilities.id"
    assert found.tables[TableName.parse("visits")].tie.pairs == ()
    for name in ("notes", "impound_files"):
        assert len(found.tables[TableName.parse(name)].tie.pairs) == 1
        assert guesses(found, name) == {}


def test_the_name_of_a_key_tells_more_than_half_the_name_of_a_table() -> None:
    found = draft(
        catalog(
            USERS,
            table("workorder", "workorderid integer pk"),
            table("salesorderheader", "salesorderid integer pk", "userid bigint"),
            table("salesorderdetail", "detailid integer pk", "salesorderid integer"),
        )
    )
    assert target(found, "salesorderdetail", "salesorderid") == "salesorderheader.salesorderid"


def test_an_amount_is_no_key_of_a_table_called_so() -> None:
    found = draft(
        catalog(
            USERS,
            table("prices", "id bigint pk", "amount numeric(10,2)"),
            table("items", "id bigint pk", "user_id bigint", "price numeric"),
            table("offers", "id bigint pk", "user_id bigint", "price bigint"),
        )
    )
    assert target(found, "items", "price") is None
    assert target(found, "offers", "price") == "prices.id"


def test_an_employee_reports_to_an_employee() -> None:
    found = draft(
        catalog(
            table("Customer", "CustomerId integer pk", "FirstName text", "Email text"),
            table("Employee", "EmployeeId integer pk", "FirstName text", "ReportsTo integer"),
            table("Invoice", "InvoiceId integer pk", "CustomerId integer"),
        )
    )
    assert target(found, "Employee", "ReportsTo") == "Employee.EmployeeId"


def test_people_whose_key_may_be_null_are_still_the_people() -> None:
    users = table("users", "name text", "password_hash text", "created bigint")
    users = replace(users, uniques=(Key(name="users_name_key", columns=("name",)),))
    found = draft(
        catalog(
            users,
            table("erased_users", "user_id text pk"),
            table("presence", "id bigint pk", "user_id text", "state text", "mtime bigint"),
            table("devices", "user_id text", "device_id text pk", "seen bigint"),
        )
    )
    assert str(found.shape.subjects) == "users"
    assert found.shape.key == ("name",)
    assert target(found, "presence", "user_id") == "users.name"
    assert [way.text for way in found.shape.ways[TableName.parse("presence")]] == ["user_id"]


def test_an_id_of_another_system_is_no_key_of_a_table_here() -> None:
    found = draft(
        catalog(
            table("users", "id bigint pk", "email text", "first_name text", "birth_date date"),
            table("Account", "id text pk", "email text", "userId bigint"),
            table("shops", "id bigint pk", "customerId text", "ownerId bigint"),
            table("links", "id bigint pk", "providerAccountId text", "accountId text"),
        )
    )
    assert target(found, "shops", "customerId") is None
    assert target(found, "shops", "ownerId") == "users.id"
    assert target(found, "links", "providerAccountId") is None
    assert target(found, "links", "accountId") == "Account.id"


def test_a_creator_beside_who_changed_it_last_only_entered_the_row() -> None:
    columns = ("id bigint pk", "name text", "creator integer", "lastupdatedby integer")
    found = draft(
        catalog(
            table("users", "id integer pk", "email text", "first_name text"),
            table("customfields", *columns),
            table("notes", *columns),
            table("fields", "id bigint pk", "creator integer"),
        )
    )
    assert guesses(found, "customfields")["creator"].audit
    assert guesses(found, "customfields")["lastupdatedby"].audit
    assert not guesses(found, "notes")["creator"].audit
    assert not guesses(found, "fields")["creator"].audit
