"""What a type cannot hold opens a column, never to everybody; and how sure a closed one is."""

from datetime import date

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, TableName
from klover.policy.check import check
from klover.policy.parse import parse
from klover.policy.suggest import draft, write
from klover.policy.suggest.classes import Verdict
from klover.policy.suggest.draft import Standing
from klover.policy.suggest.sureness import LIKELY, SURE, UNSURE

USERS = table("users", "id bigint pk", "email text", "name text")
OWN = ("id bigint pk", "user_id bigint -> users.id")
PROTECTED = (
    *("full_name text", "mobile text", "last_ip inet", "iban text", "balance numeric"),
    *("diagnosis_code integer", "blood_sugar numeric", "latitude numeric", "birth_date date"),
    *("salary integer", "api_token text", "note text", "payload jsonb", "raw bytea"),
    *("otp integer", "phone_number bigint", "tax_number bigint", "is_pregnant boolean"),
)


def verdicts(name: str, *columns: str, tied: bool = True) -> dict[str, Verdict]:
    made = table(name, *(OWN if tied else OWN[:1]), *columns)
    found = draft(catalog(USERS, made)).tables[TableName.parse(name)]
    return {verdict.column: verdict for verdict in found.verdicts}


def classes(name: str, *columns: str, tied: bool = True) -> dict[str, str]:
    found = verdicts(name, *columns, tied=tied)
    return {column: str(one.data_class) for column, one in found.items()}


@pytest.mark.parametrize("name", ["wibbles", "gadgets", "plans", "shops", "user_settings"])
@pytest.mark.parametrize("tied", [True, False])
def test_no_type_opens_what_is_protected(name: str, *, tied: bool) -> None:
    found = classes(name, *PROTECTED, tied=tied)
    names = {one.split()[0] for one in PROTECTED}
    assert {column for column in names if found[column] != "restricted"} == set()


def test_flags_numbers_and_sorts_of_a_table_nobody_knows_are_not_for_everybody() -> None:
    found = classes(
        "gadgets",
        *("frobbed boolean", "torque_level integer", "gadget_type text", "created_at date"),
        *("zorb_id bigint", "ordering integer", "frame_color text"),
    )
    assert {found[name] for name in found if name not in {"id", "user_id"}} == {"interoperable"}


@pytest.mark.parametrize(
    "name", ["visits", "migrations_done_events", "user_blocks", "exam_results"]
)
def test_what_was_done_stays_closed_whatever_its_type(name: str) -> None:
    found = classes(name, "frobbed boolean", "torque_level integer", "created_at date")
    assert {found[one] for one in ("frobbed", "torque_level", "created_at")} == {"restricted"}


def test_every_row_of_patients_stays_closed_whatever_it_is_called() -> None:
    patients = table("patients", "id bigint pk", "first_name text", "birth_date date")
    columns = ("frobbed boolean", "torque_level integer", "gadget_type text", "created_at date")
    made = table("gadgets", "id bigint pk", "patient_id bigint -> patients.id", *columns)
    one = draft(catalog(patients, made)).tables[TableName.parse("gadgets")]
    told = {verdict.column: str(verdict.data_class) for verdict in one.verdicts}
    assert {told[column.split()[0]] for column in columns} == {"restricted"}


def test_whose_rows_they_are_is_asked_though_every_column_is_too_narrow_to_tell() -> None:
    made = table("gadgets", "id bigint pk", "frobbed boolean", "torque_level integer")
    one = draft(catalog(USERS, made)).tables[TableName.parse("gadgets")]
    assert {str(verdict.data_class) for verdict in one.verdicts} == {"interoperable"}
    assert one.standing is Standing.OPEN
    assert "frobbed, torque_level" in (one.question or "")


def test_what_stands_beside_somebodys_address_tells_of_them() -> None:
    columns = ("frobbed boolean", "torque_level integer", "created_at date")
    assert classes("gadgets", *columns, tied=False)["frobbed"] == "interoperable"
    found = classes("gadgets", *columns, "guest_email text", tied=False)
    assert {found[one.split()[0]] for one in columns} == {"restricted"}


def test_a_number_called_an_id_names_a_row_but_not_what_was_done_with_it() -> None:
    found = classes(
        "gadgets",
        *("zorb_id bigint", "last_read_id bigint", "facebook_id bigint", "login_attempt_id text"),
    )
    assert found["zorb_id"] == "interoperable"
    assert found["last_read_id"] == found["facebook_id"] == "restricted"
    assert found["login_attempt_id"] == "restricted"


def test_where_the_public_may_enter_is_no_secret_and_a_home_is() -> None:
    address = ("street text", "city text", "postal_code text", "latitude numeric")
    churches = classes("churches", *address, "email text", tied=False)
    assert churches["email"] == "restricted"
    churches = classes("churches", *address, tied=False)
    assert {churches[one.split()[0]] for one in address} == {"interoperable"}
    homes = classes("dwellings", *address, "rooms integer")
    assert {homes[one] for one in ("street", "postal_code", "latitude", "rooms")} == {"restricted"}


def test_the_texts_of_things_open_but_for_what_was_sent_or_opens_something() -> None:
    found = classes(
        "currencies",
        *("introduction text", "label text", "secret text", "filename text", "error_message text"),
        tied=False,
    )
    assert found["introduction"] == "interoperable"
    assert {found[one] for one in ("secret", "filename", "error_message")} == {"restricted"}


def test_wishes_are_no_secret_and_what_they_are_about_may_be() -> None:
    found = classes(
        "user_settings",
        *("sms_enabled boolean", "include_sender boolean", "is_bankrupt boolean"),
    )
    assert found["sms_enabled"] == found["include_sender"] == "interoperable"
    assert found["is_bankrupt"] == "restricted"


def test_a_public_key_is_made_to_be_given_away_and_a_private_one_is_not() -> None:
    found = classes("gadgets", "public_key text", "private_key text")
    assert (found["public_key"], found["private_key"]) == ("interoperable", "restricted")


def test_a_slug_speaks_for_nothing_that_people_call_their_own() -> None:
    columns = ("name text", "slug text", "published_at date", "frobbed boolean", "created_at date")
    moods = classes("moods", *columns)
    assert moods["name"] == moods["slug"] == "restricted"
    assert "public" not in moods.values()
    assert classes("recipes", *columns)["name"] == "public"


def test_what_opens_a_session_is_no_mere_id_but_a_number_is() -> None:
    found = classes("gadgets", "session_id uuid", "push_token_id uuid", "login_id bigint")
    assert found["session_id"] == found["push_token_id"] == "restricted"
    assert found["login_id"] == "interoperable"


def test_the_key_beside_a_value_is_what_the_value_is_called() -> None:
    made = table("frob_metadata", "key text pk", "value text")
    one = draft(catalog(USERS, made)).tables[TableName.parse("frob_metadata")]
    assert [str(verdict.data_class) for verdict in one.verdicts] == ["interoperable", "restricted"]
    alone = draft(catalog(USERS, table("rate_limits", "key text pk", "count integer")))
    assert str(alone.tables[TableName.parse("rate_limits")].verdicts[0].data_class) == "restricted"


def test_a_flag_is_no_amount_and_a_sort_no_text() -> None:
    found = verdicts(
        "visits",
        *("amount numeric", "fee_paid boolean", "salary_from date", "is_pregnant boolean"),
        *("card_type text", "card_number text"),
    )
    sure = [column for column, one in found.items() if one.confidence >= SURE and column != "id"]
    assert sure == ["user_id", "amount", "is_pregnant", "card_number"]


def test_how_sure_a_closed_column_is() -> None:
    found = verdicts("visits", "email text", "frob text", "created_at date", "amount numeric")
    assert found["email"].confidence == found["amount"].confidence == SURE
    assert found["created_at"].confidence == UNSURE
    assert UNSURE < found["frob"].confidence < LIKELY
    assert [one for one in found if found[one].unsure] == ["frob", "created_at"]
    assert not found["id"].unsure


def suggested() -> Catalog:
    return catalog(
        USERS,
        table("visits", *OWN, "email text", "frob text", "at date"),
        *(table(f"t{number}_visits", *OWN, "wibble text") for number in range(4)),
    )


def test_the_file_marks_what_is_closed_only_for_want_of_evidence() -> None:
    text = write(draft(suggested()))
    lines = {line.split(":")[0].strip(): line for line in text.splitlines() if ": " in line}
    assert lines["frob"].endswith("# 0.4: nothing speaks for more")
    assert lines["wibble"].endswith("# 0.4: nothing speaks for more")  # under defaults
    assert "#" not in lines["email"]
    assert "read it first" in text
    head = text.partition("tables:\n")[0]
    assert "wibble: restricted" in head
    findings = check(parse(text, "s.yaml"), suggested(), date(2026, 11, 27))
    assert [one.message for one in findings if "wibble" in one.message] == []


def test_closed_columns_are_counted_by_how_sure_it_is() -> None:
    assert draft(suggested()).closed() == {"sure": 3, "likely": 0, "unsure": 6}
