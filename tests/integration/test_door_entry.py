"""Who is let in: rules of pg_hba.conf and pg_ident.conf planted in the files of a real server.

``pg_hba_file_rules`` reads the file as it is, so each case is a file, judged and taken back. Most
are judged as where doors open on a primary, the rest as on a primary that has a standby.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import VERSION
from klover.door.proof import Fact, Verdict
from klover.door.prove.entry import prove_entry
from klover.store import embedded
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect

SESSIONS = ("klover_s_support_01", "klover_s_support_02")
DOORS = ("klover_door_support",)
OWNER = "local all klover peer map=klover\n"
BY_GROUP = pytest.mark.skipif(VERSION < 16, reason="pg_ident.conf knows groups since 16")
SHARED = pytest.mark.skipif(VERSION < 16, reason="the socket is the server's own there")
REJECTED = "local all +klover_session reject\nhost all +klover_session all reject\n"
Opened = tuple[Connection, Path]


@pytest.fixture(scope="module")
def server_of_its_own(binaries: Binaries) -> Iterator[Opened]:
    # Its own loopback address: several servers of a test run have one port.
    own = f"127.{os.getpid() >> 8 & 255}.{os.getpid() & 255}.7"
    settings = {"listen_addresses": f"'{own}'"}
    with (
        embedded.scratch(name="entry", binaries=binaries, settings=settings) as running,
        connect(running.dsn(), what="the test server") as connection,
    ):
        connection.execute("create role klover_door_support")
        for role in SESSIONS:
            connection.execute(f"create role {role} login in role klover_session".encode())
        yield connection, running.data


@pytest.fixture
def opened(server_of_its_own: Opened) -> Iterator[Opened]:
    connection, data = server_of_its_own
    before = {name: (data / name).read_text() for name in ("pg_hba.conf", "pg_ident.conf")}
    yield connection, data
    for name, text in before.items():
        (data / name).write_text(text)


def judged(opened: Opened, rules: str, maps: str = "", *, on_standby: bool = False) -> list[Fact]:
    connection, data = opened
    (data / "pg_hba.conf").write_text(rules)
    (data / "pg_ident.conf").write_text(maps)
    with connection.transaction():
        return list(prove_entry(connection, SESSIONS, DOORS, on_standby=on_standby))


def violations(facts: list[Fact]) -> list[str]:
    return [f"{each.what}: {each.why}" for each in facts if each.verdict is Verdict.VIOLATION]


MAPPED = "local all +klover_session peer map=m\n"


@pytest.mark.parametrize(
    ("rules", "maps", "found"),
    [
        pytest.param("local all +klover_session trust\n", "", "anybody's word", marks=SHARED),
        pytest.param("local all all trust\n", "", "anybody's word for being all", marks=SHARED),
        pytest.param("local app klover trust\n", "", "word for being klover", marks=SHARED),
        ("host all all 127.0.0.1/32 trust\n", "", "anybody's word"),
        ("host replication all 127.0.0.1/32 trust\n", "", "anybody's word"),
        ("local all +klover_session scram-sha-256\n", "", "asks for a password"),
        ("local all all scram-sha-256\n", "", "asks for a password"),
        ("local all klover_s_support_02 md5\n", "", "asks for a password"),
        ("local all +klover_door_support peer\n", "", "accounts of the host that have a session's"),
        pytest.param("local all /^klover_s peer\n", "", "that have a session's", marks=BY_GROUP),
        ("local sameuser all peer\n", "", "accounts of the host that have a session's"),
        ("host all +klover_session 10.0.0.0/8 scram-sha-256\n", "", "over the network"),
        ("host all all 0.0.0.0/0 ident\n", "", "over the network"),
        ("host all all all ident\n", "", "over the network"),
        ("host all app 10.0.0.0/8 password\n", "", "passwords sent in the clear"),
        ("local all +klover_session nonsense\n", "", "cannot be read"),
        pytest.param(MAPPED, "m /^(.*)$ +klover_session\n", "several accounts", marks=BY_GROUP),
        pytest.param(MAPPED, f"m gate {SESSIONS[0]}\nm eve all\n", "several", marks=BY_GROUP),
        (MAPPED, f"m gate {SESSIONS[0]}\nm eve {SESSIONS[1]}\n", "several accounts"),
        (MAPPED, r"m /^(.*)@x$ \1" + "\n", "several accounts"),
    ],
)
def test_a_line_by_which_people_pass_the_gateway_is_a_violation(
    opened: Opened, rules: str, maps: str, found: str
) -> None:
    told = violations(judged(opened, OWNER + rules, maps))
    assert any(found in each for each in told), told


@pytest.mark.skipif(VERSION >= 16, reason="the socket is shared where pg_ident.conf knows groups")
def test_trust_is_allowed_where_only_the_servers_account_has_the_socket(opened: Opened) -> None:
    facts = judged(opened, OWNER + "local all +klover_session trust\n")
    assert not violations(facts)
    assert any("the socket is the server account's own" in fact.why for fact in facts)


@pytest.mark.parametrize(
    ("rules", "maps", "why"),
    [
        (MAPPED, "m gate klover_s_support_01\nm gate klover_s_support_02\n", "the account gate"),
        pytest.param(MAPPED, "m gate +klover_session\n", "the account gate", marks=BY_GROUP),
        (
            REJECTED + "local all all peer map=m\nhost all all 10.0.0.0/8 scram-sha-256\n",
            "",
            "",
        ),
        (
            "host all +klover_session 10.0.0.0/8 reject\n"
            "host all all 10.1.0.0/16 scram-sha-256\n" + MAPPED,
            "m gate klover_s_support_01\n",
            "the account gate",
        ),
        ("host replication klover_replication 10.0.0.6/32 scram-sha-256\n", "", ""),
        ("local other all scram-sha-256\n", "", ""),
    ],
)
def test_a_line_that_keeps_people_before_the_gateway_is_allowed(
    opened: Opened, rules: str, maps: str, why: str
) -> None:
    facts = judged(opened, OWNER + rules, maps)
    assert not violations(facts)
    let_in = [each for each in facts if each.who == "sessions"]
    assert [each.why for each in let_in if why in each.why] or not why


def test_a_reject_of_fewer_addresses_does_not_shut_the_line_below(opened: Opened) -> None:
    rules = "host all +klover_session 10.1.0.0/16 reject\nhost all all 10.0.0.0/8 scram-sha-256\n"
    assert any("over the network" in each for each in violations(judged(opened, OWNER + rules)))


def test_a_primary_that_has_a_standby_lets_no_session_in(opened: Opened) -> None:
    maps = "m gate klover_s_support_01\n"
    shut = judged(opened, OWNER + "local all +klover_session reject\n", maps, on_standby=True)
    assert not violations(shut)
    assert any(each.what == "entry on the primary" for each in shut)
    ajar = judged(opened, OWNER + MAPPED, maps, on_standby=True)
    assert any("lets sessions in on a primary" in each for each in violations(ajar))
    late = OWNER + "local all all peer map=m\nlocal all +klover_session reject\n"
    assert any("on a primary" in each for each in violations(judged(opened, late, on_standby=True)))


def test_a_file_that_was_changed_after_it_was_read_is_unknown(opened: Opened) -> None:
    connection, data = opened
    before = (data / "pg_hba.conf").read_text()
    facts = judged(opened, before, (data / "pg_ident.conf").read_text())
    ahead = (data / "pg_hba.conf").stat().st_mtime + 60
    os.utime(data / "pg_hba.conf", (ahead, ahead))
    with connection.transaction():
        after = list(prove_entry(connection, SESSIONS, DOORS, on_standby=False))
    changed = [each for each in after if "reload the server" in each.why]
    assert changed
    assert changed[0].verdict is Verdict.UNKNOWN
    assert facts


INCLUDED = "local all +klover_session scram-sha-256\n"


@pytest.mark.skipif(VERSION < 16, reason="files are included since 16")
@pytest.mark.parametrize("how", ["include {}", "include_if_exists {}", "include_dir {}.d"])
def test_lines_of_an_included_file_count_where_they_are_included(opened: Opened, how: str) -> None:
    """By their number they would stand after a line that turns everybody away."""
    _, data = opened
    folder = data / "pg_hba_more.d"
    folder.mkdir(exist_ok=True)
    text = "\n" * 20 + INCLUDED
    (data / "pg_hba_more").write_text(text)
    (folder / "a.conf").write_text(text)
    try:
        told = violations(judged(opened, OWNER + how.format("pg_hba_more") + "\n" + REJECTED))
    finally:
        (data / "pg_hba_more").unlink()
        (folder / "a.conf").unlink()
        folder.rmdir()
    assert any("asks for a password" in each for each in told), told
    assert any("line 21 of" in each for each in told), told


@pytest.mark.parametrize("words", ['all "all"', '"all" all', '"+klover_session" all'])
def test_a_word_in_quotes_turns_away_nobody_but_who_is_called_so(
    opened: Opened, words: str
) -> None:
    """The view of the rules tells the words without their quotes."""
    database, user = reversed(words.split()) if words.startswith('"+') else words.split()
    told = violations(judged(opened, f"{OWNER}local {database} {user} reject\n{INCLUDED}"))
    assert any("asks for a password" in each for each in told), told


def test_a_file_that_is_not_in_unicode_is_judged_too(opened: Opened) -> None:
    """The server takes any bytes in a comment."""
    connection, data = opened
    rules = f"{OWNER}# Zug\u00e4nge\n{INCLUDED}local all all peer map=m\n"
    (data / "pg_hba.conf").write_bytes(rules.encode("latin-1"))
    with connection.transaction():
        facts = list(prove_entry(connection, SESSIONS, DOORS, on_standby=False))
    assert any("asks for a password" in each for each in violations(facts)), facts


def test_a_server_without_a_file_of_accounts_is_judged_by_its_rules(opened: Opened) -> None:
    """It starts without one; `peer` without a map needs none."""
    connection, data = opened
    (data / "pg_hba.conf").write_text(OWNER + INCLUDED)
    (data / "pg_ident.conf").unlink()
    with connection.transaction():
        facts = list(prove_entry(connection, SESSIONS, DOORS, on_standby=False))
    assert any("asks for a password" in each for each in violations(facts)), facts
    (gone,) = [each for each in facts if each.what == "pg_ident.conf"]
    assert gone.verdict is Verdict.UNKNOWN
    assert gone.why.startswith("is not there; make one")


def test_a_server_whose_rules_are_gone_is_a_violation(opened: Opened) -> None:
    connection, data = opened
    (data / "pg_hba.conf").unlink()
    with connection.transaction():
        told = violations(list(prove_entry(connection, SESSIONS, DOORS, on_standby=False)))
    assert any("keeps rules that nobody sees" in each for each in told), told
