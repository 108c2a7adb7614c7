"""What opens a column and what never does: columns put into tables of every nature."""

from collections.abc import Sequence

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import TableName
from klover.policy.suggest import Evidence, draft
from klover.policy.suggest.nature import Nature

SENSITIVE = [
    "is_hiv_positive:boolean",
    "religion:integer",
    "gender:smallint",
    "salary_band:integer",
    "birth_date:date",
    "is_pregnant:boolean",
    "smoker:boolean",
    "has_children:boolean",
    "credit_score:integer",
    "income:numeric",
    "blood_type:text",
    "sexual_orientation:text",
    "is_bankrupt:boolean",
    "disability_level:integer",
    "age:integer",
    "last_login_at:date",
    "current_sign_in_at:date",
    "md5_hash:text",
    "remote_ip:text",
    "payload:jsonb",
    "handler:text",
    "dateOfBirth:date",
    "geburtsdatum:date",
    "gehalt:numeric",
    "konfession:text",
    "fecha_nacimiento:date",
    "sexe:text",
    "latitude:numeric",
    "card_last4:text",
    "imei:text",
    "push_token:text",
    "stripe_customer_id:text",
    "emailAddress:text",
    "facial_embedding:bytea",
    "raw:json",
    "notes:text",
    "anything:text",
    "signature:xml",
    "when_arrested:date",
]
NATURES = {
    "visits": Nature.PRIVATE,
    "blurbs": Nature.UNKNOWN,
    "posts": Nature.PUBLIC,
    "user_settings": Nature.SETTING,
    "users": Nature.PERSON,
}


def classes(name: str, columns: Sequence[str]) -> tuple[Nature, dict[str, str]]:
    made = [f"{column} {kind}" for column, _, kind in (one.partition(":") for one in columns)]
    users = table("users", "id bigint pk", "email text", "name text")
    if name == "users":
        found = draft(catalog(table("users", "id bigint pk", *made)))
    else:
        own = table(name, "id bigint pk", "user_id bigint -> users.id", *made)
        found = draft(catalog(users, own))
    one = found.tables[TableName.parse(name)]
    return one.nature, {verdict.column: str(verdict.data_class) for verdict in one.verdicts}


@pytest.mark.parametrize("name", NATURES)
def test_nothing_opens_what_is_sensitive(name: str) -> None:
    nature, found = classes(name, SENSITIVE)
    assert nature is NATURES[name]
    names = {one.partition(":")[0] for one in SENSITIVE}
    assert {column for column in names if found[column] != "restricted"} == set()
    assert found["id"] == "interoperable"


def test_plain_words_open_flags_and_counts() -> None:
    _, found = classes(
        "users", ["is_active:boolean", "sends_salary:boolean", "followers_count:integer"]
    )
    assert found["is_active"] == found["followers_count"] == "interoperable"
    assert found["sends_salary"] == "restricted"  # a strong word beats a verb


def test_a_wish_to_show_something_does_not_tell_it() -> None:
    _, found = classes(
        "users", ["show_birthdays:boolean", "hide_email:boolean", "show_birthdays_to:text"]
    )
    assert found["show_birthdays"] == found["hide_email"] == "interoperable"
    assert found["show_birthdays_to"] == "restricted"


def test_a_word_nobody_knows_opens_nothing_to_everybody() -> None:
    columns = ["is_frobnicated:boolean", "is_pinned:boolean", "quux:integer", "frob:text"]
    _, found = classes("posts", columns)
    assert found["is_frobnicated"] == "interoperable"  # too narrow for a name
    assert found["quux"] == found["frob"] == "restricted"  # may be a rank of whoever wrote it
    assert found["is_pinned"] == "public"
    for private in ("visits", "users"):
        _, found = classes(private, columns)
        assert found["is_frobnicated"] == found["quux"] == found["frob"] == "restricted"


def test_times_are_as_private_as_what_happened() -> None:
    columns = ["created_at:date", "updated_at:date", "deleted_at:date"]
    assert classes("posts", columns)[1]["created_at"] == "public"
    assert classes("users", columns)[1]["updated_at"] == "interoperable"
    assert classes("visits", columns)[1]["created_at"] == "restricted"
    assert classes("posts", columns)[1]["deleted_at"] == "restricted"


def test_the_times_of_a_relation_close_once_it_tells_more() -> None:
    def follows(*more: str) -> str:
        found = draft(
            catalog(
                table("users", "id bigint pk", "email text"),
                table(
                    "follows",
                    "id bigint pk",
                    "user_id bigint -> users.id",
                    "target_user_id bigint -> users.id",
                    "created_at date",
                    *more,
                ),
            )
        )
        one = found.tables[TableName.parse("follows")]
        return next(str(v.data_class) for v in one.verdicts if v.column == "created_at")

    assert follows() == "interoperable"
    assert follows("why text") == "restricted"


def test_a_state_beside_a_street_is_no_status() -> None:
    assert classes("user_settings", ["state:text"])[1]["state"] == "interoperable"
    assert classes("user_settings", ["state:text", "street:text"])[1]["state"] == "restricted"


def test_values_close_what_a_name_would_open() -> None:
    schema = catalog(table("users", "id bigint pk", "theme text", "email text"))
    (users,) = schema.tables
    (open_one,) = [v for v in draft(schema).tables[users].verdicts if v.column == "theme"]
    assert open_one.data_class == "interoperable"
    seen = Evidence(samples={users: {"theme": ["jo@example.org", "ill", "well"]}})
    (closed,) = [v for v in draft(schema, seen).tables[users].verdicts if v.column == "theme"]
    assert (closed.data_class, closed.category) == ("restricted", "user.contact.email")


def test_a_natural_key_may_tell_something_itself() -> None:
    schema = catalog(table("members", "email text pk", "id_card text"))
    (members,) = schema.tables
    (key, _) = draft(schema).tables[members].verdicts
    assert key.data_class == "restricted"


def test_people_that_are_delicate_make_every_row_private() -> None:
    found = draft(
        catalog(
            table("patients", "id bigint pk", "email text"),
            table("comments", "id bigint pk", "patient_id bigint -> patients.id", "at date"),
        )
    )
    assert found.tables[TableName.parse("comments")].nature is Nature.PRIVATE


def test_tables_that_nothing_ties_to_people() -> None:
    found = draft(
        catalog(
            table("users", "id bigint pk", "email text"),
            table("countries", "code text pk", "name text", "population bigint"),
            table("products", "id bigint pk", "name text", "price numeric", "secret text"),
            table("subscribers_import", "id bigint pk", "email text", "created_at date"),
            table("delayed_jobs", "id bigint pk", "handler text", "run_at date"),
            table("readings", "id bigint pk", "station_uid bigint", "name text"),
        )
    ).tables
    standing = {str(name): str(one.standing) for name, one in found.items()}
    assert standing == {
        "users": "subjects",
        "countries": "shared",
        "products": "shared",
        "subscribers_import": "open",
        "delayed_jobs": "open",
        "readings": "open",  # a reference that leads nowhere may lead to a person
    }
    (secret,) = [
        verdict
        for verdict in found[TableName.parse("products")].verdicts
        if verdict.column == "secret"
    ]
    assert secret.data_class == "restricted"


def test_people_are_known_by_what_stands_there_too() -> None:
    found = draft(
        catalog(
            table("zzz", "id bigint pk", "vorname text", "email text", "geburtsdatum date"),
            table("qqq", "id bigint pk", "zzz_id bigint", "amount numeric"),
        )
    )
    assert str(found.shape.subjects) == "zzz"
    assert [way.text for way in found.tables[TableName.parse("qqq")].ways] == ["zzz_id"]


def test_an_unknown_word_for_a_table_opens_nothing() -> None:
    found = draft(
        catalog(
            table("users", "id bigint pk", "email text"),
            table("wibbles", "id bigint pk", "name text", "at date", "quantity integer"),
        )
    )
    one = found.tables[TableName.parse("wibbles")]
    assert str(one.standing) == "open"
    assert [str(verdict.data_class) for verdict in one.verdicts] == [
        "interoperable",
        "restricted",
        "restricted",
        "restricted",
    ]


def test_what_hangs_off_people_who_are_not_the_subjects_is_asked_about() -> None:
    found = draft(
        catalog(
            table("customers", "id bigint pk", "email text", "name text"),
            table("orders", "id bigint pk", "customer_id bigint -> customers.id"),
            table("employees", "id bigint pk", "first_name text", "salary numeric"),
            table("payslips", "id bigint pk", "employee_id bigint -> employees.id", "net numeric"),
        )
    )
    one = found.tables[TableName.parse("payslips")]
    assert (one.nature, str(one.standing)) == (Nature.PRIVATE, "open")
    assert "not the subjects" in (one.question or "")
