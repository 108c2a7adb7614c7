"""The file that is written: it parses, fits, asks what is open, and repeats no value."""

from datetime import date

from hypothesis import HealthCheck, given, settings, strategies as st

from doubles.catalogs import catalog, table, videos
from klover.catalog import Catalog, Column, Key, Table, TableKind, TableName
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.suggest import Evidence, draft, write
from klover.policy.trace import trace

ON = date(2026, 11, 27)
NEEDS_A_PERSON = ("cannot be traced to a subject", "has no primary key", "no table accounts")


def errors(text: str, found: Catalog) -> list[str]:
    findings = check(parse(text, "suggested.yaml"), found, ON)
    return [one.message for one in findings if one.severity is Severity.ERROR]


def test_a_plain_application_is_accepted_at_once() -> None:
    found = videos()
    text = write(draft(found))
    assert "  home: country\n" in text
    assert "  languages: shared\n" in text
    assert errors(text, found) == []
    for traced in trace(parse(text, "s.yaml"), found).tables.values():
        for name, rule in traced.columns.items():
            shared_name = traced.rule.shared or name == "visibility"
            assert shared_name or rule.data_class != "public"


def test_the_file_says_what_the_draft_decided() -> None:
    found = videos()
    made = draft(found)
    resolved = trace(parse(write(made), "s.yaml"), found)
    for name, one in made.tables.items():
        for verdict in one.verdicts:
            written = resolved.tables[name].columns[verdict.column].data_class
            restricted = written == "restricted"
            assert restricted == (verdict.data_class == "restricted"), f"{name}.{verdict.column}"


def test_confidence_and_questions_stand_beside_the_lines() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text"),
        table("visits", "id bigint pk", "userId bigint", "target_type text", "target_id bigint"),
        table("staff", "id bigint pk", "first_name text", "last_name text", "password text"),
    )
    text = write(draft(found))
    assert "subject: userId" in text
    assert "# 0.9: by name and type" in text
    assert "# decide: target_type tells what target_id refers to" in text
    assert "# decide: these look like people too" in text
    assert "# decide: staff may hold people too" in text
    assert all("cannot be traced" in message for message in errors(text, found))


def test_many_columns_of_one_name_stand_once_and_open_only_where_all_agree() -> None:
    tables = [
        table(f"t{number}", "id bigint pk", "user_id bigint -> users.id", "note text")
        for number in range(5)
    ]
    found = catalog(table("users", "id bigint pk", "email text"), *tables)
    text = write(draft(found))
    head, _, rest = text.partition("tables:\n")
    assert "    id: interoperable\n" in head
    assert "    note: {class: restricted" in head
    assert "note" not in rest
    assert errors(text, found) == []


def test_no_default_opens_a_name_that_one_table_keeps_closed() -> None:
    user = "user_id bigint -> users.id"
    settings_of = [
        table(f"t{number}_settings", "id bigint pk", user, "dark boolean") for number in range(5)
    ]
    users = table("users", "id bigint pk", "email text")
    agreed = write(draft(catalog(users, *settings_of)))
    assert "    dark: interoperable\n" in agreed.partition("tables:\n")[0]
    visits = table("visits", "id bigint pk", user, "dark boolean")
    mixed = catalog(users, *settings_of, visits)
    head, _, rest = write(draft(mixed)).partition("tables:\n")
    assert "dark" not in head
    assert rest.count("dark: interoperable") == 5
    assert rest.count("dark: restricted") == 1
    assert errors(write(draft(mixed)), mixed) == []


def test_a_table_with_nothing_to_say_of_is_written_so_that_it_is_asked_about() -> None:
    made = [table(f"thing_{n}s", "id bigint pk", "owner_ref_id bigint") for n in range(6)]
    found = catalog(table("users", "id bigint pk", "email text"), *made)
    text = write(draft(found))
    assert text.count("owner_ref_id: ") == 1  # the default they follow
    assert text.count("columns:\n      id: interoperable\n") == 6  # an entry may not be empty
    assert all("cannot be traced" in message for message in errors(text, found))


def test_a_shared_column_that_looks_personal_is_written_out() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text"),
        table("units", "id bigint pk", "name text", "weight_code text"),
        table("boxes", "id bigint pk", "weight_code text -> units.weight_code"),
    )
    text = write(draft(found))
    assert "weight_code: public" in text.partition("  boxes:")[2]
    personal = [
        one for one in check(parse(text, "p.yaml"), found, ON) if "looks personal" in one.message
    ]
    assert personal == []


def test_samples_are_never_repeated() -> None:
    found = catalog(table("users", "id bigint pk", "contact text null", "country text null"))
    (users,) = found.tables
    seen = Evidence(samples={users: {"contact": ["jo@example.org", "al@example.com"]}})
    text = write(draft(found, seen), sampled=True)
    assert "contact: {class: restricted, category: user.contact.email}" in text
    assert "example" not in text


def test_evidence_for_homes_in_order() -> None:
    found = catalog(
        table("accounts", "id bigint pk", "email text", "name text", "birth_country text"),
        table(
            "logins",
            "id bigint pk",
            "account_id bigint -> accounts.id",
            "locale text",
            "time_zone text",
            "sign_up_ip inet",
            "phone text",
            unique=(("account_id",),),
        ),
    )
    text = write(draft(found))
    home = text.partition("  home:")[2].partition("  inside:")[0]
    assert [line.strip().partition("  #")[0] for line in home.splitlines()[1:]] == [
        "- {phone: from logins.account_id.phone}",
        "- {locale: from logins.account_id.locale}",
        "- {time_zone: from logins.account_id.time_zone}",
        "# - {ip: from logins.account_id.sign_up_ip}",
    ]
    assert errors(text, found) == []


def test_a_database_without_people_asks_for_them() -> None:
    found = catalog(table("rivers", "id bigint pk", "name text"))
    text = write(draft(found))
    assert "# decide: whose data it is" in text
    assert parse(text, "s.yaml").subjects.table == TableName.parse("accounts")


NAMES = st.sampled_from(
    [
        *("a", "B c", 'q"q', "it's", "x.y", "é:", "#h", "[l]", "{m}", "-d", "1", "✓", "t\nt"),
        *("a\\b", "user", "users", "user_id", "userId", "shared", "null", "true", "from", "id"),
        *("~", "a,b", "%p", "!t", "&a", "*s", "a: b", "a #b", "x_type", "x_id", "member_ids"),
    ]
)
TYPES = st.sampled_from(["bigint", "text", "boolean", "jsonb", "bigint[]", "uuid", "date"])


@st.composite
def schemas(draw: st.DrawFn) -> Catalog:
    """Draw a catalog of odd names; declared keys are left out, guesses are not."""
    tables = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        columns = draw(st.lists(st.tuples(NAMES, TYPES), min_size=1, max_size=5, unique_by=_first))
        one = Table(
            name=TableName(draw(st.sampled_from(["public", "Other", "o.x"])), name),
            kind=TableKind.TABLE,
            columns=tuple(
                Column(
                    name=column,
                    ordinal=number,
                    type=kind,
                    type_kind="b",
                    base_type=kind,
                    element_type=kind.removesuffix("[]") if kind.endswith("[]") else None,
                )
                for number, (column, kind) in enumerate(columns)
            ),
            primary_key=Key(name="k", columns=(columns[0][0],)) if draw(st.booleans()) else None,
        )
        tables[one.name] = one
    return Catalog(server_version=180000, tables=tables)


def _first(pair: tuple[str, str]) -> str:
    return pair[0]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schemas())
def test_whatever_the_names_the_file_parses_and_only_asks(found: Catalog) -> None:
    text = write(draft(found))
    for message in errors(text, found):
        assert any(part in message for part in NEEDS_A_PERSON), message


def test_the_likely_key_of_a_table_that_ties_others_is_shown() -> None:
    found = catalog(
        table("users", "id bigint pk", "email text", "first_name text"),
        table("groups", "id bigint pk", "name text"),
        table("group_users", "user_id bigint -> users.id", "group_id bigint -> groups.id"),
        table("visits", "user_id bigint -> users.id", "at date"),
    )
    text = write(draft(found))
    assert "# decide: `key: [user_id, group_id]`, the columns" in text
    assert "# decide: `key: […]`, the columns" in text
