"""How good a first policy is, measured on schemas whose every column was judged by hand."""

import subprocess
from datetime import date
from pathlib import Path

import psycopg
import pytest

from doubles.truth import FIXTURES, find_keys_again, read_marks, read_truth, score
from klover.catalog import Catalog, TableName
from klover.policy.check import check
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.suggest import Draft, draft, write
from klover.store.binaries import Binaries
from klover.store.inspect import read_catalog

Database = psycopg.Connection[tuple[object, ...]]
ROOT = Path(__file__).parents[2]
ON = date(2026, 11, 27)
SCHEMAS = (
    "src/klover/demo/application.sql",
    "examples/ldbc/schema.sql",
    *(f"tests/fixtures/heldout/{file.name}" for file in sorted((FIXTURES / "heldout").iterdir())),
)
HELDOUT = ("giving", "loja", "praxis", "rides", "wonen", "workspace")


@pytest.fixture
def mastodons(database: Database, realdata: Path) -> Catalog:
    database.execute("set search_path = public")
    database.execute((realdata / "mastodon" / "schema.sql").read_text().encode())
    return read_catalog(database)


@pytest.fixture
def mastodon(mastodons: Catalog) -> Draft:
    return draft(mastodons)


@pytest.fixture
def pagila(dsn: str, database: Database, realdata: Path, binaries: Binaries) -> Draft:
    file = str(realdata / "pagila" / "pagila.sql")
    psql = [binaries.program("psql"), "-X", "-q", "-d", dsn, "-f", file]
    subprocess.run(psql, check=True, capture_output=True)
    return draft(read_catalog(database))


def test_nothing_restricted_in_mastodon_is_suggested_as_less(mastodon: Draft) -> None:
    found = score(mastodon, read_truth("mastodon"))
    assert found.columns == 1013
    assert found.missed == ()
    assert found.recall == 1.0
    assert found.precision > 0.8, found.needless
    assert found.precision_of_sure > 0.9


def test_nothing_restricted_in_pagila_is_suggested_as_less(pagila: Draft) -> None:
    found = score(pagila, read_truth("pagila"))
    assert found.missed == ()
    assert found.precision > 0.8, found.needless


def test_mastodons_undeclared_keys_are_found_without_values(mastodon: Draft) -> None:
    def guessed(table: str, column: str) -> tuple[str, bool] | None:
        ties = mastodon.tables[TableName("public", table)].tie
        return next(
            (
                (str(guess.target), guess.element)
                for guess in ties.guesses
                if guess.columns == (column,) and not guess.declared
            ),
            None,
        )

    for table in ("accounts_tags", "annual_report_statuses_per_account_counts"):
        assert guessed(table, "account_id") == ("accounts", False)
    assert guessed("conversations", "parent_account_id") == ("accounts", False)
    assert guessed("account_conversations", "participant_account_ids") == ("accounts", True)
    for table, stem in (("notifications", "activity"), ("admin_action_logs", "target")):
        (pair,) = mastodon.tables[TableName("public", table)].tie.pairs
        assert (pair.type_column, pair.id_column) == (f"{stem}_type", f"{stem}_id")
    participants = mastodon.tables[TableName("public", "account_conversations")].ways
    assert {way.text for way in participants} == {"account_id", "participant_account_ids[]"}


def test_mastodons_keys_are_found_again_without_their_declarations(mastodons: Catalog) -> None:
    found = find_keys_again(mastodons)
    assert found.declared == 156
    assert found.elsewhere == ()
    assert found.lost == ("oauth_applications.owner_id",)  # half of a pair that also is declared


def test_people_split_over_two_tables_and_their_homes(mastodon: Draft) -> None:
    assert str(mastodon.shape.subjects) == "accounts"
    assert TableName("public", "users") in mastodon.shape.split
    assert [(home.kind, home.path) for home in mastodon.home] == [
        ("locale", "from users.account_id.locale"),
        ("time_zone", "from users.account_id.time_zone"),
        ("ip", "from users.account_id.sign_up_ip"),
    ]


def test_a_home_three_keys_away(pagila: Draft) -> None:
    assert str(pagila.shape.subjects) == "customer"
    assert pagila.home[0].path == "address_id.city_id.country_id.country"


@pytest.mark.parametrize("name", HELDOUT)
def test_schemas_of_other_kinds(name: str, database: Database) -> None:
    text = (FIXTURES / "heldout" / f"{name}.sql").read_text(encoding="utf-8")
    database.execute("set search_path = public")
    database.execute(text.encode())
    found = score(draft(read_catalog(database)), read_marks(text))
    assert found.missed == ()
    assert found.precision >= 0.8, found.needless
    assert found.precision_of_sure > 0.8


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_accepted_up_to_its_questions(name: str, database: Database) -> None:
    database.execute("set search_path = public")
    database.execute((ROOT / name).read_bytes())
    catalog = read_catalog(database)
    text = write(draft(catalog))
    findings = check(parse(text, "klover.yaml"), catalog, ON)
    errors = [one.message for one in findings if one.severity is Severity.ERROR]
    asked = [line for line in text.splitlines() if "# decide:" in line]
    assert all("cannot be traced" in one or "no primary key" in one for one in errors), errors
    assert len(errors) < len(asked)


def test_a_truth_can_tell_a_bad_suggestion(mastodon: Draft) -> None:
    """The measure itself: a truth that calls an id restricted is not met."""
    truth = dict(read_truth("mastodon"))
    truth["accounts", "id"] = "restricted"
    assert score(mastodon, truth).missed == ("accounts.id",)
    del truth["accounts", "id"]
    with pytest.raises(ValueError, match="different columns"):
        score(mastodon, truth)


def test_a_catalog_without_people_is_drafted_too(database: Database) -> None:
    database.execute("create table public.rivers (id int primary key, name text, length_km int)")
    catalog: Catalog = read_catalog(database)
    assert draft(catalog).shape.subjects is None
