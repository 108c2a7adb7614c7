"""What hangs off a thing that people share, what they did, and ids that other systems gave them."""

from dataclasses import replace

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, Key, TableName
from klover.policy.suggest import draft
from klover.policy.suggest.draft import Standing, TableDraft

USERS = table("users", "id bigint pk", "email text", "first_name text", "last_name text")


def one(found: Catalog, name: str) -> TableDraft:
    return draft(found).tables[TableName.parse(name)]


def restricted(found: Catalog, name: str) -> set[str]:
    return {
        verdict.column
        for verdict in one(found, name).verdicts
        if str(verdict.data_class) == "restricted"
    }


def test_what_hangs_off_a_thing_that_people_share_is_all_of_theirs() -> None:
    users = table(
        "users", "id bigint pk", "email text", "first_name text", "station_id bigint -> stations.id"
    )
    found = catalog(
        users,
        table("stations", "id bigint pk", "name text"),
        table("gauges", "id bigint pk", "station_id bigint -> stations.id", "level integer"),
        table("gauge_marks", "id bigint pk", "gauge_id bigint -> gauges.id", "remark text"),
    )
    assert [way.text for way in one(found, "gauges").ways] == ["station_id from users.station_id"]
    assert [way.text for way in one(found, "gauge_marks").ways] == [
        "gauge_id.station_id from users.station_id"
    ]
    for name in ("stations", "gauges", "gauge_marks"):
        assert one(found, name).standing is Standing.TRACED
        assert "several people may share" in (one(found, name).question or "")
    assert restricted(found, "gauge_marks") == {"remark"}


def test_what_hangs_off_customers_that_users_work_for_is_not_shared_in_silence() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text", "customer_id bigint -> customers.id"),
        table("customers", "id bigint pk", "name text", "info text"),
        table(
            "policies",
            "id bigint pk",
            "customer_id bigint -> customers.id",
            *("amount numeric", "start_date date", "is_active boolean"),
        ),
    )
    assert one(found, "policies").standing is not Standing.SHARED
    assert restricted(found, "policies") >= {"amount", "start_date"}


def test_what_hangs_off_an_organisation_is_still_its_own() -> None:
    users = table(
        "users", "id bigint pk", "email text", "first_name text", "tenant_id bigint -> tenants.id"
    )
    found = catalog(
        users,
        table("tenants", "id bigint pk", "name text"),
        table("skills", "id bigint pk", "tenant_id bigint -> tenants.id", "is_active boolean"),
    )
    assert one(found, "skills").standing is Standing.SHARED


def test_two_parts_of_people_and_nothing_of_one_are_no_people() -> None:
    found = catalog(
        USERS,
        table("blocked_users", "id bigint pk", "blocker_id bigint", "blocked_id bigint"),
    )
    assert TableName.parse("blocked_users") not in draft(found).shape.people


def test_another_systems_id_of_somebody_is_no_reference() -> None:
    users = table("users", "id text pk", "email text", "first_name text", "last_name text")
    found = catalog(
        users,
        table(
            "stripe_accounts",
            "id bigint pk",
            "user_id text -> users.id",
            *("stripe_seller_id text", "stripe_customer_id text", "payer_id text"),
        ),
        table("gateways", "id bigint pk", "user_id text -> users.id", "api_client_id text"),
        table("trips", "id bigint pk", "driver_id text"),
    )
    assert restricted(found, "stripe_accounts") == {
        "stripe_seller_id",
        "stripe_customer_id",
        "payer_id",
    }
    assert restricted(found, "gateways") == {"api_client_id"}
    assert [way.text for way in one(found, "trips").ways] == ["driver_id"]


def test_a_click_is_an_act_whatever_was_clicked() -> None:
    found = catalog(
        USERS,
        table("links", "id bigint pk", "url text"),
        table(
            "link_clicks",
            "id bigint pk",
            "link_id bigint -> links.id",
            "user_id bigint -> users.id",
            "created_at date",
        ),
    )
    assert restricted(found, "link_clicks") == {"created_at"}


def test_the_address_of_a_share_opens_it() -> None:
    found = catalog(
        USERS,
        table("shares", "id uuid pk", "entity_id uuid", "slug text", "parameters jsonb"),
    )
    assert restricted(found, "shares") == {"slug", "parameters"}


def test_the_id_of_a_notice_and_its_type_make_no_pair() -> None:
    found = catalog(
        USERS,
        table(
            "store_notices",
            "notice_uuid uuid pk",
            "user_id bigint -> users.id",
            *("notice_type text", "purchased_at date"),
        ),
        table("things", "id uuid pk", "code text"),
    )
    assert one(found, "store_notices").tie.pairs == ()
    reasons = {verdict.column: verdict.reason for verdict in one(found, "store_notices").verdicts}
    assert reasons["notice_type"] == "one of a few sorts"


def test_the_subjects_are_those_whom_others_rows_are_about() -> None:
    found = catalog(
        table("users", "id bigint pk", "username text", "password text", "email text", "name text"),
        table("subscribers", "id bigint pk", "email text", "name text", "attribs jsonb"),
        *(
            table(name, "id bigint pk", "subscriber_id bigint -> subscribers.id")
            for name in ("bounces", "views", "clicks")
        ),
    )
    assert str(draft(found).shape.subjects) == "subscribers"


def test_of_several_unique_columns_the_id_names_the_row() -> None:
    people = table("people", "email text", "uuid uuid", "first_name text", "last_name text")
    keys = tuple(Key(name=f"people_{name}_key", columns=(name,)) for name in ("email", "uuid"))
    columns = tuple(replace(column, not_null=True) for column in people.columns)
    people = replace(people, columns=columns, uniques=keys)
    found = catalog(people, table("trips", "id bigint pk", "person_id uuid", "driver_id uuid"))
    assert draft(found).shape.key == ("uuid",)
    assert {guess.target_columns for guess in one(found, "trips").tie.guesses} == {("uuid",)}


def test_a_household_is_its_members_even_where_no_key_is_declared() -> None:
    people = table("people", "id bigint pk", "first_name text", "email text", "household_id bigint")
    found = catalog(people, table("households", "id bigint pk", "is_big boolean"))
    assert [way.text for way in one(found, "households").ways] == ["from people.household_id"]
    assert one(found, "households").question is not None


def test_a_talk_that_no_key_ties_to_anybody_is_asked_about() -> None:
    found = catalog(
        USERS,
        table("listings", "id bigint pk", "title text"),
        table("conversations", "id bigint pk", "listing_id bigint -> listings.id", "title text"),
    )
    assert one(found, "conversations").standing is Standing.OPEN


def test_a_part_behind_the_mark_of_a_key_is_somebodys_too() -> None:
    found = catalog(
        table("schoolPerson", "schoolPersonID integer pk", "email text", "first_name text"),
        table(
            "schoolSummary",
            "schoolSummaryID integer pk",
            *("schoolPersonIDStudent integer", "is_sent boolean"),
        ),
        table(
            "schoolDigest",
            "schoolDigestID integer pk",
            *("schoolPersonIDTaker integer", "is_sent boolean"),
        ),
    )
    assert [way.text for way in one(found, "schoolSummary").ways] == ["schoolPersonIDStudent"]
    assert one(found, "schoolDigest").standing is not Standing.SHARED
