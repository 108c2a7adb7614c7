"""Numbers of rows in a diff, counted on a real server by the conditions of both policies."""

import json
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from doubles.catalogs import POLICY
from klover.cli import app
from klover.errors import CheckFailed, InputError

RUN = CliRunner()
SCHEMA = """
set search_path = public;
create type privacy as enum ('open', 'closed');
create type visibility as enum ('public', 'friends', 'private');
create table accounts (id bigint primary key, handle text not null unique,
  email text not null unique, privacy privacy not null, country text);
create table languages (code text primary key, name text not null);
create table videos (id bigint primary key, account_id bigint not null references accounts,
  visibility visibility, title text not null, language_code text references languages);
create table comments (id bigint primary key, video_id bigint not null references videos,
  account_id bigint not null references accounts, parent_id bigint references comments,
  body text not null);
create table follows (follower_id bigint references accounts, followee_id bigint
  references accounts, primary key (follower_id, followee_id));
insert into accounts select n, 'handle' || n, 'mail' || n, 'open', 'NO'
  from generate_series(1, 9) n;
insert into videos select n, 1,
  (array['public', 'friends', 'private', null])[n % 4 + 1]::visibility, 'title', null
  from generate_series(1, 40) n;
insert into comments select n, n, 1, null, 'body' from generate_series(1, 40) n;
analyze;
"""


@pytest.fixture
def policies(database: psycopg.Connection[tuple[object, ...]], tmp_path: Path) -> tuple[Path, Path]:
    database.execute(SCHEMA.encode())
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(POLICY)
    text = POLICY.replace("visibility = 'public'", "visibility <> 'private'")
    new.write_text(text.replace("email:   {class: restricted", "email:   {class: public"))
    return old, new


def rows(old: Path, new: Path, dsn: str) -> dict[tuple[str, str, str | None], tuple[int, bool]]:
    done = RUN.invoke(app, ["policy", "diff", str(old), str(new), "--dsn", dsn, "--json"])
    assert done.exit_code == 0, done.exception
    return {
        (one["audience"], one["table"], one["column"]): (one["rows"], one["exact"])
        for one in json.loads(done.stdout)["differences"]
        if one["audience"]
    }


def test_rows_newly_public_are_counted_with_both_conditions(
    policies: tuple[Path, Path], dsn: str
) -> None:
    told = rows(*policies, dsn)
    # Of 40 videos ten each are public, friends', private and without an answer (never public).
    assert told["engineering-abroad", "videos", None] == (10, True)
    assert told["creators-abroad", "accounts", "email"] == (9, True)
    assert ("trust-and-safety", "videos", None) not in told


def test_a_condition_that_follows_a_parent_is_counted_through_it(
    policies: tuple[Path, Path], dsn: str, tmp_path: Path
) -> None:
    free = tmp_path / "free.yaml"
    free.write_text(POLICY.replace("hangs_off: [video_id]", "hangs_off: []"))
    assert rows(policies[0], free, dsn)["engineering-abroad", "comments", None] == (30, True)


def test_a_large_table_is_estimated_and_says_so(
    policies: tuple[Path, Path], dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["klover.adopt.count"], "EXACT", 5)
    told = rows(*policies, dsn)
    number, exact = told["engineering-abroad", "videos", None]
    assert not exact
    assert 0 < number <= 40
    done = RUN.invoke(app, ["policy", "diff", *map(str, policies), "--dsn", dsn])
    assert "(estimated)" in done.stdout


def test_it_fails_on_loosening_only_when_asked(policies: tuple[Path, Path], dsn: str) -> None:
    words = ["policy", "diff", *map(str, policies)]
    assert RUN.invoke(app, words).exit_code == 0
    for more in ([], ["--dsn", dsn]):
        done = RUN.invoke(app, [*words, "--fail-on-loosening", *more])
        assert isinstance(done.exception, CheckFailed)
        assert "would newly see accounts.email in clear" in done.stdout
    same = RUN.invoke(app, ["policy", "diff", str(policies[0]), str(policies[0])])
    assert "Nothing changes for anybody." in same.stdout


def test_a_policy_that_does_not_fit_the_database_is_told(
    policies: tuple[Path, Path], dsn: str
) -> None:
    policies[0].write_text(POLICY.replace("  languages: shared\n", ""))
    done = RUN.invoke(app, ["policy", "diff", *map(str, policies), "--dsn", dsn])
    assert isinstance(done.exception, InputError)
    assert "does not fit the old policy" in str(done.exception)
