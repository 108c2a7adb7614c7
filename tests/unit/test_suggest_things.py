"""What is told by more than names: groups of people, things, and what stands beside a column."""

from dataclasses import replace

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, Table, TableName
from klover.policy.suggest import draft
from klover.policy.suggest.draft import Standing, TableDraft
from klover.policy.suggest.nature import Nature

USERS = table("users", "id bigint pk", "email text", "name text")


def one(found: Catalog, name: str) -> TableDraft:
    return draft(found).tables[TableName.parse(name)]


def said(found: Catalog, name: str) -> dict[str, str]:
    return {verdict.column: str(verdict.data_class) for verdict in one(found, name).verdicts}


def restricted(found: Catalog, name: str) -> set[str]:
    return {
        column for column, data_class in said(found, name).items() if data_class == "restricted"
    }


def test_a_group_of_people_is_not_the_people() -> None:
    found = catalog(
        table("organizations", "id uuid pk", "email text", "name text", "phone text", "city text"),
        table("customers", "id uuid pk", "organization_id uuid -> organizations.id", "email text"),
        table(
            "invoices", "id uuid pk", "organization_id uuid -> organizations.id", "total integer"
        ),
        table("plans", "id uuid pk", "organization_id uuid -> organizations.id", "code text"),
    )
    shape = draft(found).shape
    assert shape.subjects == TableName.parse("customers")
    assert TableName.parse("organizations") not in shape.people


def test_an_account_that_many_users_share_is_not_the_people() -> None:
    found = catalog(
        table("accounts", "id bigint pk", "plan text"),
        table("users", "id bigint pk", "account_id bigint -> accounts.id", "email text"),
        *(
            table(f"thing_{number}", "id bigint pk", "account_id bigint -> accounts.id")
            for number in range(5)
        ),
    )
    assert draft(found).shape.subjects == TableName.parse("users")


def test_an_employee_is_a_person_in_another_part() -> None:
    found = catalog(
        table("person", "person_id integer pk", "first_name text", "last_name text"),
        table(
            "employee",
            "person_id integer pk -> person.person_id",
            "national_id text",
            "birth_date date",
            "gender text",
        ),
        table("shift_history", "id integer pk", "employee_id integer -> employee.person_id"),
        table("pay_history", "id integer pk", "employee_id integer -> employee.person_id"),
        table("leave", "id integer pk", "employee_id integer -> employee.person_id"),
    )
    shape = draft(found).shape
    assert shape.subjects == TableName.parse("person")
    assert shape.ways[TableName.parse("leave")][0].text == "employee_id.person_id"


def test_what_others_look_up_is_a_thing_whatever_it_is_called() -> None:
    flange = table("flanges", "id integer pk", "name text", "bore numeric", "updated_at date")
    alone = catalog(USERS, flange)
    assert one(alone, "flanges").nature is Nature.APART
    assert said(alone, "flanges")["name"] == "restricted"
    looked_up = catalog(
        USERS, flange, table("pumps", "id integer pk", "flange_id integer -> flanges.id")
    )
    assert said(looked_up, "flanges") == {
        "id": "interoperable",
        "name": "restricted",  # the word may be one for people
        "bore": "interoperable",
        "updated_at": "interoperable",
    }


def test_a_part_that_people_play_is_theirs_by_name() -> None:
    speakers = table("speakers", "id integer pk", "name text", "avatar text", "title text")
    talks = table("talks", "id integer pk", "speaker_id integer -> speakers.id")
    assert {"restricted"} == {
        one
        for column, one in said(catalog(USERS, speakers, talks), "speakers").items()
        if column != "id"
    }


def test_what_others_look_up_and_finds_people_stays_closed() -> None:
    found = catalog(
        USERS,
        table("flanges", "id integer pk", "name text", "email text", "bore numeric"),
        table("pumps", "id integer pk", "flange_id integer -> flanges.id"),
    )
    assert one(found, "flanges").standing is Standing.OPEN
    assert {"restricted"} == {v for k, v in said(found, "flanges").items() if k != "id"}


def test_a_performers_name_is_a_persons() -> None:
    found = catalog(
        table("artists", "id integer pk", "name text"),
        table("albums", "id integer pk", "artist_id integer -> artists.id", "title text"),
    )
    assert said(found, "artists")["name"] == "restricted"


def test_a_price_list_of_the_past_is_nobodys_and_a_wages_is_not() -> None:
    found = catalog(
        USERS,
        table("product", "id integer pk", "name text"),
        table(
            "product_cost_history", "product_id integer pk -> product.id", "standard_cost numeric"
        ),
        table("salary_history", "product_id integer pk -> product.id", "salary numeric"),
    )
    assert one(found, "product_cost_history").standing is Standing.SHARED
    assert said(found, "product_cost_history")["standard_cost"] == "public"
    assert said(found, "salary_history")["salary"] == "restricted"


def test_an_id_the_database_makes_up_leads_nowhere_and_tells_nothing() -> None:
    def with_default(made: Table, default: str | None) -> Catalog:
        *others, last = made.columns
        return catalog(USERS, replace(made, columns=(*others, replace(last, default=default))))

    made = table("regions", "id integer pk", "name text", "rowguid uuid")
    own = with_default(made, "gen_random_uuid()")
    assert said(own, "regions")["rowguid"] == "interoperable"
    assert one(own, "regions").nature is Nature.REFERENCE
    assert said(with_default(made, None), "regions")["rowguid"] == "restricted"
    token = table("regions", "id integer pk", "share_token uuid")
    assert said(with_default(token, "gen_random_uuid()"), "regions")["share_token"] == "restricted"


def test_a_job_may_carry_anything_and_its_clock_tells_nothing() -> None:
    found = catalog(
        USERS,
        table("jobs", "id bigint pk", "attempts integer", "run_at date", "handler text"),
        table("audit_log", "id bigint pk", "attempts integer", "run_at date"),
    )
    assert one(found, "jobs").standing is Standing.OPEN
    assert said(found, "jobs") == {
        "id": "interoperable",
        "attempts": "interoperable",
        "run_at": "interoperable",
        "handler": "restricted",
    }
    assert said(found, "audit_log")["run_at"] == "restricted"


def test_what_stands_beside_a_column_tells_what_it_is() -> None:
    found = catalog(
        USERS,
        table(
            "refunds",
            "id integer pk",
            "user_id integer -> users.id",
            "amount integer",
            "currency text",
        ),
        table("wallet", "id integer pk", "user_id integer -> users.id", "currency text"),
        table(
            "comments",
            "id integer pk",
            "user_id integer -> users.id",
            "body text",
            "visible boolean",
        ),
        table("videos", "id integer pk", "user_id integer -> users.id", "visible boolean"),
        table(
            "messages",
            "id integer pk",
            "user_id integer -> users.id",
            "body text",
            "body_format integer",
        ),
        table("user_preferences", "user_id integer pk -> users.id", "k text", "v text"),
    )
    assert said(found, "refunds")["currency"] == "interoperable"
    assert said(found, "wallet")["currency"] == "restricted"
    assert said(found, "comments")["visible"] == "restricted"
    assert said(found, "videos")["visible"] == "public"
    assert said(found, "messages")["body_format"] == "interoperable"
    assert said(found, "user_preferences")["v"] == "restricted"


def test_how_somebody_stands_with_the_operator_is_theirs() -> None:
    people = table("users", "id integer pk", "email text", "status text enum", "is_member boolean")
    assert said(catalog(people), "users")["status"] == "restricted"
    assert said(catalog(people), "users")["is_member"] == "restricted"


def test_ids_of_another_system_are_no_half_of_a_pair() -> None:
    columns = ("id uuid pk", "user_id uuid -> users.id", "method_type text")
    people = table("users", "id uuid pk", "email text")
    other = catalog(people, table("payment_methods", *columns, "method_id text"))
    assert said(other, "payment_methods")["method_id"] == "restricted"
    own = catalog(people, table("payment_methods", *columns, "method_id uuid"))
    assert said(own, "payment_methods")["method_id"] == "interoperable"


def test_what_somebody_called_a_file_is_theirs() -> None:
    found = catalog(USERS, table("upload", "id integer pk", "filename text", "icon_file_name text"))
    assert said(found, "upload")["filename"] == "restricted"
    assert said(found, "upload")["icon_file_name"] == "interoperable"


def test_people_that_no_key_ties_to_the_subjects_stay_closed() -> None:
    order = table("orders", "id integer pk", "email text", "last_name text", "created_at date")
    assert said(catalog(USERS, order), "orders")["created_at"] == "restricted"


def test_what_machines_write_of_people_is_closed() -> None:
    found = catalog(
        USERS, table("admin_histories", "id integer pk", "username text", "item integer")
    )
    assert said(found, "admin_histories")["item"] == "restricted"


def test_the_state_of_a_written_thing_is_a_moderators() -> None:
    found = catalog(
        USERS,
        table("posts", "id integer pk", "user_id integer -> users.id", "text text", "state text"),
        table("videos", "id integer pk", "user_id integer -> users.id", "state text"),
    )
    assert said(found, "posts")["state"] == "restricted"
    assert said(found, "videos")["state"] == "public"


def test_a_place_in_an_order_leads_nowhere_and_is_no_reference() -> None:
    found = catalog(USERS, table("faqs", "id integer pk", "sort_id integer", "answer text"))
    assert said(found, "faqs") == {"id": "interoperable", "sort_id": "public", "answer": "public"}


def test_an_operators_note_is_not_for_everybody() -> None:
    found = catalog(USERS, table("courses", "id integer pk", "summary text", "payment_note text"))
    assert said(found, "courses")["summary"] == "public"
    assert said(found, "courses")["payment_note"] == "restricted"


def test_a_tables_own_number_is_no_reference_by_half_a_name() -> None:
    found = catalog(
        USERS,
        table("work_order", "work_order_id integer pk", "note text"),
        table("purchase_order_header", "purchase_order_id integer pk", "note text"),
    )
    assert one(found, "purchase_order_header").tie.guesses == ()


def test_somebody_followed_is_somebody() -> None:
    found = catalog(USERS, table("follows", "follower_id integer pk", "followed_id integer"))
    ways = one(found, "follows").ways
    assert "followed_id" in [way.text for way in ways]


def test_what_only_an_organisation_ties_to_people_is_its_own() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text", "first_name text", "last_name text"),
        table(
            "shops",
            "id bigint pk",
            "owner_id bigint -> users.id",
            *("name text", "slug text", "phone text", "bank_account text"),
            *("opened_at date", "is_open boolean"),
        ),
        table(
            "offers",
            "id bigint pk",
            "shop_id bigint -> shops.id",
            *("created_at date", "mandatory boolean", "body text", "amount numeric"),
        ),
        table(
            "orders",
            "id bigint pk",
            "shop_id bigint -> shops.id",
            "user_id bigint -> users.id",
            *("created_at date", "mandatory boolean"),
        ),
        table(
            "stays",
            "id bigint pk",
            "shop_id bigint -> shops.id",
            *("guest_email text", "created_at date"),
        ),
    )
    assert restricted(found, "shops") == {"phone", "bank_account"}
    assert restricted(found, "offers") == {"body", "amount"}
    assert restricted(found, "orders") == {"created_at", "mandatory"}
    assert restricted(found, "stays") == {"guest_email", "created_at"}
    assert one(found, "offers").standing is Standing.TRACED


def test_an_organisation_with_people_in_it_is_none() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text", "first_name text", "last_name text"),
        table(
            "suppliers",
            "id bigint pk",
            "user_id bigint -> users.id",
            *("slug text", "name text", "first_name text", "is_late boolean"),
        ),
    )
    assert restricted(found, "suppliers") >= {"name", "first_name"}


def test_the_name_of_a_thing_with_more_than_a_name_opens() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text", "first_name text"),
        table("frobs", "id bigint pk", "name text", "slug text", "position integer"),
        table("wibbles", "id bigint pk", "name text", "nickname text", "position integer"),
        table("bobs", "id bigint pk", "name text"),
        table("frob_uses", "frob_id bigint -> frobs.id", "bob_id bigint -> bobs.id"),
    )
    assert restricted(found, "frobs") == set()
    assert restricted(found, "bobs") == {"name"}
    assert restricted(found, "wibbles") >= {"name", "nickname"}


def test_ids_of_other_systems_lead_to_nobody_and_those_of_acts_may() -> None:
    found = catalog(
        USERS,
        table("prices", "id bigint pk", "zorb_id text", "created_at date", "amount integer"),
        table("checks", "id bigint pk", "external_subscription_id text", "created_at date"),
        table("shares", "id bigint pk", "buyer_id text", "created_at date"),
        table("places", "id bigint pk", "district_id integer", "name text"),
    )
    assert restricted(found, "prices") == {"zorb_id", "amount"}
    assert restricted(found, "checks") >= {"external_subscription_id", "created_at"}
    assert restricted(found, "shares") >= {"buyer_id", "created_at"}
    assert one(found, "places").nature is not Nature.UNKNOWN


def test_what_somebody_saved_or_was_banned_for_is_private_whatever_it_is_of() -> None:
    found = catalog(
        USERS,
        *(
            table(name, "id bigint pk", "user_id bigint -> users.id", "expires date", "new boolean")
            for name in ("post_saved", "post_reads", "community_bans")
        ),
    )
    for name in ("post_saved", "post_reads", "community_bans"):
        assert restricted(found, name) == {"expires", "new"}


def test_a_time_that_every_row_has_publishes_nothing() -> None:
    written = table("zorbs", "id bigint pk", "user_id bigint -> users.id", "published timestamptz")
    (*others, published) = written.columns
    kept = replace(
        published,
        type="timestamp with time zone",
        base_type="timestamp with time zone",
        not_null=True,
        default="now()",
    )
    assert one(catalog(USERS, written), "zorbs").nature is Nature.PUBLIC
    every = replace(written, columns=(*others, kept))
    assert one(catalog(USERS, every), "zorbs").nature is Nature.UNKNOWN


def test_a_reference_to_a_session_opens_it_where_the_key_does() -> None:
    found = catalog(
        USERS,
        table("sessions", "sess_id text pk", "user_id bigint -> users.id"),
        table("files", "id bigint pk", "session_id text -> sessions.sess_id"),
        table("logins", "id bigint pk", "user_id bigint -> users.id"),
        table("uses", "id bigint pk", "login_id bigint -> logins.id"),
    )
    assert restricted(found, "files") == {"session_id"}
    assert restricted(found, "uses") == set()


def test_a_number_is_no_text_and_a_word_that_often_stands_for_less_names_nothing() -> None:
    made = table("things", "id bigint pk", "listing_order integer", "cycle text", "remark text")
    verdicts = one(catalog(USERS, made), "things").verdicts
    assert {verdict.column: verdict.category for verdict in verdicts} == {
        "id": None,
        "listing_order": None,
        "cycle": None,
        "remark": "user.content.private",
    }


def test_a_wish_that_tells_of_a_body_is_closed() -> None:
    found = catalog(
        table(
            "users",
            "id bigint pk",
            "email text",
            *(
                f"{name} boolean"
                for name in ("requires_zimmerframe", "uses_zorbs", "use_dark_theme")
            ),
        ),
        table(
            "beds",
            "id bigint pk",
            "number integer",
            *("is_pregnant boolean", "is_taxed boolean", "size_of_pay integer"),
        ),
        table("stays", "id bigint pk", "user_id bigint -> users.id", "bed_id bigint -> beds.id"),
    )
    assert restricted(found, "users") == {"email", "requires_zimmerframe", "uses_zorbs"}
    assert restricted(found, "beds") == {"is_pregnant", "size_of_pay"}


def test_a_devices_id_and_a_pupils_rank_tell_of_somebody() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text"),
        table("devices", "device_id text pk", "user_id bigint -> users.id"),
        table("uses", "id bigint pk", "device_id text -> devices.device_id"),
        table("user_device", "id text pk", "user_id bigint -> users.id"),
        table("student_stats", "id bigint pk", "user_id bigint -> users.id", "ranking bigint"),
        table(
            "account_stats", "id bigint pk", "user_id bigint -> users.id", "follower_count bigint"
        ),
    )
    assert restricted(found, "devices") == restricted(found, "uses") == {"device_id"}
    assert restricted(found, "user_device") == {"id"}
    assert restricted(found, "student_stats") == {"ranking"}
    assert restricted(found, "account_stats") == set()


def test_a_table_called_after_money_keeps_its_amounts() -> None:
    found = catalog(
        USERS,
        table("incomes", "id bigint pk", "slug text", "amount numeric"),
        table("plans", "id bigint pk", "slug text", "amount numeric"),
        table("organisations", "id bigint pk", "owner_id bigint -> users.id"),
        table(
            "subscriptions",
            "id bigint pk",
            "organisation_id bigint -> organisations.id",
            *("status text", "ends date"),
        ),
    )
    assert restricted(found, "incomes") >= {"amount"}
    assert restricted(found, "plans") == set()
    assert restricted(found, "subscriptions") == {"status", "ends"}


def test_an_answer_that_somebody_entered_is_not_shared_in_silence() -> None:
    found = catalog(
        table("patients", "id uuid pk", "full_name text", "gender text", "birth_date date"),
        table("visits", "id uuid pk", "patient_id uuid -> patients.id"),
        table("users", "id uuid pk", "full_name text"),
        table("answer_responses", "id uuid pk", "content text", "updated_by_user_id uuid"),
    )
    answers = one(found, "answer_responses")
    assert answers.standing is Standing.OPEN
    assert answers.question is not None


def test_a_place_in_a_list_tells_nothing_anywhere() -> None:
    made = table("diagnoses", "id bigint pk", "user_id bigint -> users.id", "sort_order integer")
    assert restricted(catalog(USERS, made), "diagnoses") == set()


def test_things_are_displayed_under_a_name_too() -> None:
    found = catalog(
        USERS,
        table("plans", "id bigint pk", "display_name text", "slug text"),
        table("customers", "id bigint pk", "display_name text", "email text"),
    )
    assert restricted(found, "plans") == set()
    assert restricted(found, "customers") == {"display_name", "email"}


def test_the_name_of_a_setting_names_the_value_beside_it() -> None:
    found = catalog(
        USERS,
        table("configurations", "id bigint pk", "name text", "content text"),
        table("answers", "id bigint pk", "name text", "content text", "email text"),
    )
    assert restricted(found, "configurations") == {"content"}
    assert restricted(found, "answers") == {"name", "content", "email"}
