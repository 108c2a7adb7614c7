"""The commands `klover policy …` against a real database: output, exit codes, nothing half done."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from doubles.catalogs import POLICY
from klover.cli.groups import policy as app
from klover.errors import CheckFailed, InputError, PolicyError, SourceError

SCHEMA = """
set search_path = public;
create type visibility as enum ('public', 'private');
create table accounts (id bigint primary key, handle text not null unique,
  email text not null unique, privacy visibility not null, country text);
create table languages (code text primary key, name text not null);
create table videos (id bigint primary key, account_id bigint not null references accounts,
  visibility visibility not null, title text not null,
  language_code text not null references languages);
create table comments (id bigint primary key, video_id bigint not null references videos,
  account_id bigint not null references accounts, parent_id bigint references comments,
  body text not null);
create table follows (follower_id bigint references accounts,
  followee_id bigint references accounts, primary key (follower_id, followee_id));
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    file = tmp_path / "klover.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture
def filled(dsn: str, database: psycopg.Connection[tuple[object, ...]]) -> str:
    database.execute(SCHEMA.encode())
    return dsn


def test_check_holds_with_and_without_a_database(policy: Path, filled: str) -> None:
    for arguments in ([], ["--dsn", filled]):
        done = run("check", str(policy), *arguments)
        assert done.exit_code == 0, done.output
        assert "holds" in done.output


def test_check_as_json(policy: Path, filled: str) -> None:
    body = json.loads(run("check", str(policy), "--dsn", filled, "--json").output)
    assert body["ok"] is True
    assert {finding["severity"] for finding in body["findings"]} == {"note"}
    assert {"severity", "file", "line", "message", "mend"} == set(body["findings"][0])


def test_a_policy_that_cannot_be_read_ends_with_2(policy: Path) -> None:
    policy.write_text(POLICY.replace("klover: 1", "klover: 9").replace("key: id", "kye: id"))
    done = run("check", str(policy))
    assert done.exit_code == 2
    assert f"{policy}:1: error:" in done.output
    assert done.stderr.endswith("cannot be used: 3 errors.\n")
    assert f"{policy}:6: error: `subjects` has no key 'kye'" in done.output.replace("\n", " ")
    assert json.loads(run("check", str(policy), "--json").output)["ok"] is False


def test_a_policy_that_does_not_fit_ends_with_2(policy: Path, filled: str) -> None:
    policy.write_text(POLICY.replace("  videos:\n", "  vidoes:\n"))
    done = run("check", str(policy), "--dsn", filled)
    assert done.exit_code == 2
    assert "The database has no table vidoes; did you mean 'videos'?" in done.output


def test_conditions_that_postgres_does_not_take_end_with_2(policy: Path, filled: str) -> None:
    policy.write_text(
        POLICY.replace("visibility = 'public'", "visibilty = 'public'").replace(
            "public_rows: true\n    hangs_off", "public_rows: body + 1\n    hangs_off"
        )
    )
    assert run("check", str(policy)).exit_code == 0
    done = run("check", str(policy), "--dsn", filled)
    assert done.exit_code == 2
    told = done.output.replace("\n", " ")
    assert f"{policy}:{_line(policy, '  videos:')}: error: Postgres does not take" in told
    assert 'column "visibilty" does not exist' in told
    assert f"{policy}:{_line(policy, '  comments:')}: error: Postgres does not take" in told
    body = json.loads(run("check", str(policy), "--dsn", filled, "--json").output)
    assert body["ok"] is False


def _line(file: Path, text: str) -> int:
    return file.read_text().splitlines().index(text) + 1


def test_a_policy_that_promises_too_much_ends_with_1(policy: Path) -> None:
    policy.write_text(POLICY.replace("located: [EEA, GB, CH]}", "located: any}"))
    done = run("check", str(policy))
    assert isinstance(done.exception, CheckFailed)
    assert done.exception.exit_code == 1


def test_a_missing_file_and_an_unreachable_database(policy: Path, tmp_path: Path) -> None:
    assert isinstance(run("check", str(tmp_path / "no.yaml")).exception, InputError)
    gone = run("check", str(policy), "--dsn", f"host={tmp_path} dbname=x")
    assert isinstance(gone.exception, SourceError)


def test_explain(policy: Path, filled: str) -> None:
    def explain(*what: str) -> Result:
        return run("explain", str(policy), *what)

    who = ("--audience", "engineering-abroad")
    assert "never shown to this audience" in explain(*who).output
    table = explain("videos", *who, "--dsn", filled).output
    assert "where (visibility = 'public') is true" in table
    column = explain("videos.title", *who, "--dsn", filled).output
    assert "absent: identifies directly" in column
    assert len(column.splitlines()) < 24
    as_json = explain("videos.title", *who, "--dsn", filled, "--json").output
    told = json.loads(as_json)
    assert told["lines"] == column.splitlines()
    assert (told["audience"], told["table"]) == ("engineering-abroad", "videos")
    assert told["seen"]["column"]["shown"] == "absent"
    for arguments, words in (
        (("--audience", "engineering"), "did you mean 'engineering-abroad'?"),
        (("videos", *who), "--dsn"),
        (("video", *who, "--dsn", filled), "There is no table video; did you mean 'videos'?"),
        (("videos.titel", *who, "--dsn", filled), "did you mean 'title'?"),
    ):
        refused = explain(*arguments)
        assert isinstance(refused.exception, InputError)
        assert words in str(refused.exception)


def test_explain_to_somebody_in_a_group(policy: Path, filled: str) -> None:
    def explain(*what: str) -> Result:
        return run("explain", str(policy), *what)

    who = ("--group", "engineering", "--country", "CN", "--address", "10.60.0.1")
    asked = (*who, "--claim", "department=x", "--at", "2026-11-27T08:00Z", "--dsn", filled)
    screen = explain("videos.account_id", *asked).output
    assert len(screen.splitlines()) <= 24
    assert max(map(len, screen.splitlines())) <= 100
    assert "groups engineering; claims department=x" in screen
    assert "pseudonym" in screen
    told = json.loads(explain("videos.account_id", *asked, "--json").output)
    first = told["audiences"][0]
    assert (first["audience"], first["enters"]) == ("engineering-abroad", "yes")
    assert first["seen"]["column"]["pseudonym_of"] == ["accounts"]
    assert {one["enters"] for one in told["audiences"][1:]} == {"no"}
    only = explain("--audience", "finance-europe", *who).output
    assert "finance-europe" in only
    assert "engineering-abroad" not in only
    for arguments, words in (
        ((), "Say who looks"),
        (("--audience", "finance-europe", "--country", "IE"), "name one with --group"),
        ((*who, "--claim", "department"), "--claim NAME=VALUE"),
        ((*who, "--at", "yesterday"), "--at has to be a time"),
        ((*who, "--at", "2026-11-27T08:00"), "--at needs a zone"),
        (("videos", *who), "--dsn"),
    ):
        refused = explain(*arguments)
        assert isinstance(refused.exception, InputError)
        assert words in str(refused.exception)


def test_suggest_writes_what_check_accepts_and_never_over_a_file(
    tmp_path: Path, filled: str
) -> None:
    file = tmp_path / "first.yaml"
    made = run("suggest", "--dsn", filled, "-o", str(file))
    assert made.exit_code == 0
    closed = json.loads(run("suggest", "--dsn", filled, "--json").stdout)["restricted"]
    told = (
        f"{sum(closed.values())} columns are restricted, {closed['unsure']} of them only for want"
    )
    assert closed["unsure"]
    assert told in made.stderr
    assert run("suggest", "--dsn", filled).output == file.read_text()
    assert run("check", str(file), "--dsn", filled).exit_code == 0
    before = file.read_bytes()
    again = run("suggest", "--dsn", filled, "-o", str(file))
    assert isinstance(again.exception, InputError)
    assert not isinstance(again.exception, PolicyError)
    assert file.read_bytes() == before


def test_suggest_with_and_without_values(
    filled: str, database: psycopg.Connection[tuple[object, ...]]
) -> None:
    database.execute(
        "insert into accounts values (1, 'jo', 'jo@example.org', 'public', '10.1.2.3')"
    )
    names = run("suggest", "--dsn", filled, "--sample", "0").output
    assert "country: {class: restricted, category: user.contact.address.country}" in names
    values = run("suggest", "--dsn", filled).output
    assert "country: {class: restricted, category: user.device.ip_address}" in values
    assert "10.1.2.3" not in values


def test_suggest_as_json_tells_how_sure_it_is(filled: str, tmp_path: Path) -> None:
    file = tmp_path / "klover.yaml"
    body = json.loads(run("suggest", "--dsn", filled, "--json").stdout)
    assert body["subjects"] == {
        "table": "accounts",
        "key": ["id"],
        "home": [{"kind": "country", "path": "country"}],
    }
    tables = {table["table"]: table for table in body["tables"]}
    assert tables["comments"]["subject"] == ["account_id"]
    assert tables["languages"]["standing"] == "shared"
    columns = {one["column"]: one for name in tables for one in tables[name]["columns"]}
    title, email = columns["title"], columns["email"]
    assert (title["class"], title["confidence"], title["unsure"]) == ("restricted", 0.4, True)
    assert (email["class"], email["confidence"], email["unsure"]) == ("restricted", 0.9, False)
    assert body["restricted"] == {
        step: sum(_step(one) == step for name in tables for one in tables[name]["columns"])
        for step in ("sure", "likely", "unsure")
    }
    assert run("suggest", "--dsn", filled, "--json", "-o", str(file)).exit_code == 0
    assert file.exists()


def _step(column: dict[str, object]) -> str | None:
    if column["class"] != "restricted":
        return None
    return "unsure" if column["unsure"] else "sure" if column["confidence"] == 0.9 else "likely"


def test_suggest_of_an_empty_database_says_so(dsn: str) -> None:
    empty = run("suggest", "--dsn", dsn)
    assert isinstance(empty.exception, SourceError)
    assert "has no tables" in str(empty.exception)
