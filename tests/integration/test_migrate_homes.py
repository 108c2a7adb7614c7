"""Homes by evidence in order, on a real server: what decided is counted, recorded, never shown."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from doubles.address_table import write_table
from doubles.configured import write_config
from doubles.small_world import World, rows, run_sql
from klover.cli.groups import migrate, policy
from klover.errors import ConfigError, InputError, SourceError
from klover.event import MigrationStep
from klover.migrate.addresses import open_addresses
from klover.migrate.plan import Plan
from klover.store.embedded import Server

NewDatabase = Callable[[], str]
SCHEMA = """
create type locale as enum ('de', 'de-AT', 'en-US', 'nb-NO');
create table accounts (id bigint primary key, handle text not null, country text,
  user_locale locale, sign_up_ip inet);
create table users (id bigint primary key, account_id bigint not null references accounts,
  phone_number text, time_zone text);
"""
PEOPLE: list[tuple[int, str | None, str | None, str | None, str | None, str | None, str | None]] = [
    # id, country, phone, locale, time zone, address, and what decides: evidence country
    (1, "Éire", "+1 201 555 0123", "en-US", None, None, "country IE"),
    (2, "usa", "+47 22 12 34 56", "nb-NO", None, None, "country US"),
    (3, "Atlantis", "+47 22 12 34 56", "en-US", None, None, "phone NO"),
    (4, None, "22 12 34 56", "de-AT", None, None, "locale AT"),
    (5, "", "+1 800 555 0100", "de", "Europe/Dublin", None, "time_zone IE"),
    (6, None, None, None, "Africa/Abidjan", "198.51.100.7", "ip US"),
    (7, None, None, None, "Asia/Kolkata", "192.0.2.7", "time_zone IN"),
    (8, None, None, None, None, "192.0.2.7", "ip NO"),
    (9, None, None, None, None, "198.51.100.200", None),  # an anonymiser's
    (10, None, "call me", None, None, "203.0.113.9", None),
    (11, None, None, None, None, None, None),
    (12, None, "+1 416 555 0123", "de-AT", None, None, "phone CA"),
]
EVIDENCE = ("country", "phone", "locale", "time_zone", "ip")
PHONE = ("201 555", "22 12", "800 555", "call me", "416 555")
ADDRESS = ("198.51", "192.0.2", "203.0.113")
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA, GB, CH]
subjects:
  table: accounts
  key: id
  home:
    - country
    - {phone: from users.account_id.phone_number}
    - {locale: user_locale}
    - {time_zone: from users.account_id.time_zone}
    - {ip: sign_up_ip}
  inside: [EEA, GB, CH]
tables:
  accounts: {columns: {id: interoperable}}
  users: {subject: account_id, columns: {id: interoperable, account_id: interoperable}}
audiences:
  trust:
    who: {groups: [trust], located: [EEA]}
    sees: [restricted]
    requires: {purpose: abuse}
"""


def quoted(value: object) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"


@pytest.fixture
def world(server: Server, new_database: NewDatabase, tmp_path: Path) -> World:
    made = World(
        source=server.dsn(new_database()), enclave=server.dsn(new_database()), policy=POLICY
    )
    accounts, users = [], []
    for number, country, phone, locale, zone, address, _ in PEOPLE:
        values = ", ".join(map(quoted, (f"h{number}", country, locale, address)))
        accounts.append(f"insert into accounts values ({number}, {values});")
        values = ", ".join(map(quoted, (phone, zone)))
        users.append(f"insert into users values ({number}, {number}, {values});")
    made.fill(SCHEMA, "\n".join(accounts + users))
    made.addresses = open_addresses(write_table(tmp_path / "table.mmdb"))
    return made


def expected(*, inside: bool) -> list[tuple[str, str, str]]:
    """List who is inside or outside by a decision, with evidence and country."""
    europe = {"IE", "NO", "AT"}
    decided = [(str(row[0]), *row[6].split()) for row in PEOPLE if row[6]]
    return sorted(
        (key, kind, country) for key, kind, country in decided if (country in europe) is inside
    )


def test_the_first_piece_that_tells_a_country_decides(world: World) -> None:
    plan = world.migration().plan()
    homes = plan.homes
    assert (homes.inside, homes.outside, homes.undecided) == (8, 4, 3)
    assert (homes.without_home, homes.unrecognised) == (1, 2)
    counted: dict[tuple[str, str], int] = {}
    for _, kind, country in (*expected(inside=True), *expected(inside=False)):
        counted[kind, country] = counted.get((kind, country), 0) + 1
    found = {(one.evidence.split()[0], one.country): one.subjects for one in homes.decided}
    assert found == counted
    assert [one.evidence.split()[0] for one in homes.decided] == sorted(
        (one.evidence.split()[0] for one in homes.decided), key=EVIDENCE.index
    )
    assert {one.country for one in homes.decided if not one.inside} == {"US", "IN", "CA"}
    assert homes.countries_edition == "2026-11"
    assert homes.addresses is not None
    assert homes.addresses.startswith("Test-Country 20")
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_home_is_found_over_a_key_that_is_kept_as_text(world: World) -> None:
    """And nobody's is over a text that is no key's."""
    for dsn in (world.source, world.enclave):
        run_sql(
            dsn,
            "alter table users drop constraint users_account_id_fkey,"
            " alter column account_id type varchar(20)",
        )
    run_sql(world.source, "insert into users values (99, '011', '+1 201 555 0199', null)")
    world.policy = POLICY.replace(
        "users: {subject: account_id,",
        "users: {subject: account_id, references: {account_id: accounts.id},",
    )
    homes = world.migration().plan().homes
    assert (homes.inside, homes.outside, homes.undecided) == (8, 4, 3)
    world.migration().run()
    for inside in (True, False):
        query = "select key, kind, country from klover.subject_home"
        query += " join klover.home_evidence using (source, cell, evidence)"
        noted = rows(world.enclave, f"{query} where inside = {inside}")
        assert sorted(noted) == expected(inside=inside)
    # A row that leads nowhere is not left behind.
    assert rows(world.enclave, "select id from users where account_id = '011'") == [(99,)]


def test_what_decided_is_recorded_for_each_person(world: World) -> None:
    world.migration().run()
    for inside in (True, False):
        noted = rows(
            world.enclave,
            f"""select key, kind, country from klover.subject_home
                  join klover.home_evidence using (source, cell, evidence)
                 where inside = {inside}""",
        )
        assert sorted(noted) == expected(inside=inside)
    undecided = """select key, inside, country from klover.subject_home where evidence is null
                    order by key::int"""
    assert rows(world.enclave, undecided) == [(key, True, None) for key in ("9", "10", "11")]
    assert rows(world.enclave, "select count(*) from klover.migration_subject") == [(8,)]
    assert rows(world.enclave, "select count(*) from accounts") == [(8,)]
    kept = rows(
        world.enclave,
        "select kind, path, countries_edition, addresses from klover.home_evidence "
        "order by evidence",
    )
    assert [row[0] for row in kept] == list(EVIDENCE)
    assert kept[1][1] == "from users.account_id.phone_number"
    assert {row[2] for row in kept} == {"2026-11"}
    everything = str(rows(world.enclave, "select * from klover.subject_home")) + str(kept)
    assert not [value for value in (*PHONE, *ADDRESS) if value in everything]


def test_every_step_on_record_names_the_edition_and_the_table(world: World) -> None:
    world.migration().run()
    steps = [event for event in world.recorder.events if isinstance(event, MigrationStep)]
    assert steps
    assert world.addresses is not None
    assert {step.countries_edition for step in steps} == {"2026-11"}
    assert {step.addresses for step in steps} == {world.addresses.name}


def test_of_several_values_the_strictest_counts(world: World) -> None:
    run_sql(world.source, "insert into users values (99, 12, '+49 30 123456', null)")
    homes = world.migration().plan().homes
    assert ("DE", True) in {(one.country, one.inside) for one in homes.decided}
    assert homes.inside == 9


def test_a_stated_key_that_is_not_unique_counts_a_person_once(world: World) -> None:
    run_sql(world.source, "alter table users add code text; update users set code = 'x'")
    run_sql(world.source, "alter table accounts add code text; update accounts set code = 'x'")
    world.policy = POLICY.replace(
        "accounts: {columns", "accounts: {references: {code: users.code}, columns"
    ).replace("from users.account_id.phone_number", "code.phone_number")
    homes = world.migration().plan().homes
    assert homes.inside + homes.outside == len(PEOPLE)


def test_homes_that_nothing_tells(world: World) -> None:
    world.policy = POLICY[: POLICY.index("  home:")] + "  home: none\n  inside: [EEA]\n"
    world.policy += POLICY[POLICY.index("tables:") :]
    homes = world.migration().plan().homes
    assert (homes.inside, homes.outside, homes.without_home) == (12, 0, 12)
    assert homes.decided == ()


def test_a_column_with_a_collation_of_its_own_does_no_harm(world: World) -> None:
    run_sql(world.source, 'alter table accounts alter country type text collate "POSIX"')
    run_sql(world.source, "alter table users alter phone_number type varchar(30) collate ucs_basic")
    assert world.migration().plan().homes.inside == 8


def test_addresses_without_a_table_are_refused_before_anything_begins(world: World) -> None:
    world.addresses = None
    with pytest.raises(InputError, match="no table of addresses is named"):
        world.migration().run()
    assert rows(world.enclave, "select to_regclass('klover.migration_run')") == [(None,)]


# Commands --------------------------------------------------------------------------------------


def homes(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(policy, ["homes", str(file), *arguments])


def test_policy_homes_counts_without_moving_and_without_showing(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "klover.yaml"
    file.write_text(POLICY)
    options = ("--dsn", world.source, "--ip-countries", str(tmp_path / "table.mmdb"))
    done = homes(file, *options)
    assert done.exit_code == 0, done.output
    assert "8 people are inside (3 of them because nobody knows their home" in done.output
    phones = "phone number (from users.account_id.phone_number)"
    assert f"by {phones}: 1 inside, 1 outside" in done.output
    assert "not recognised as country (country): 1 value, not shown" in done.output
    assert f"not recognised as {phones}: 3 values, not shown" in done.output
    look = 'select "country", count(*) from "public"."accounts" group by 1 order by 2'
    assert f"whoever may read them lists them by: {look}" in done.output
    assert ("Atlantis", 1) in rows(world.source, look)
    body = json.loads(homes(file, *options, "--json").output)
    assert body["inside"] == 8
    assert body["addresses"].startswith("Test-Country")
    for output in (done.output, json.dumps(body)):
        assert not [value for value in (*PHONE, *ADDRESS, "Atlantis") if value in output]
    made = "select count(*) from pg_class where relname like 'klover%'"
    assert rows(world.source, made) == [(0,)]


@pytest.mark.parametrize(("people", "shown"), [(9, False), (10, True)])
def test_an_odd_spelling_is_shown_where_many_share_it(
    world: World,
    people: int,
    shown: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A rare one may be somebody's name typed into the wrong field."""
    added = f"select n, 'h', 'Jane Roe' from generate_series(100, {99 + people}) n"
    run_sql(world.source, f"insert into accounts (id, handle, country) {added}")
    plan = world.migration().plan()
    odd = {(one.name, one.values): one.subjects for one in plan.homes.odd if one.look or one.name}
    assert odd == ({("Jane Roe", 1): 10, (None, 1): 1} if shown else {(None, 2): 10})
    assert ("Jane" in json.dumps(plan.to_json())) is shown
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_missing_or_broken_table_of_addresses_ends_with_2(world: World, tmp_path: Path) -> None:
    file = tmp_path / "klover.yaml"
    file.write_text(POLICY)
    refused = homes(file, "--dsn", world.source).exception
    assert isinstance(refused, InputError)
    assert refused.exit_code == 2
    for name, text in (("none.mmdb", None), ("broken.mmdb", "no table"), ("empty.mmdb", "")):
        if text is not None:
            (tmp_path / name).write_text(text)
        error = homes(file, "--dsn", world.source, "--ip-countries", str(tmp_path / name)).exception
        assert isinstance(error, ConfigError), error
        assert error.exit_code == 2
        assert name in str(error)


def test_a_missing_right_is_named_and_nothing_else(world: World, tmp_path: Path) -> None:
    file = tmp_path / "klover.yaml"
    file.write_text(POLICY)
    name = "counter_" + world.source.split("dbname=")[1].split()[0]
    run_sql(
        world.source,
        f"""create role {name} login; grant usage on schema public to {name};
            grant select on accounts to {name}""",
    )
    try:
        dsn = world.source.replace("user=klover", f"user={name}")
        table = str(tmp_path / "table.mmdb")
        error = homes(file, "--dsn", dsn, "--ip-countries", table).exception
        assert isinstance(error, SourceError), error
        assert "permission denied for table users" in str(error)
        assert error.__cause__ is None
    finally:
        run_sql(world.source, f"drop owned by {name}; drop role {name}")


def test_the_deployment_names_the_table(world: World, tmp_path: Path) -> None:
    (tmp_path / "klover.yaml").write_text(POLICY)
    config = write_config(tmp_path, primary=world.enclave, source=world.source)
    without = CliRunner().invoke(migrate, ["plan", "--config", str(config)]).exception
    assert isinstance(without, ConfigError)
    assert "`ip_countries` under [homes]" in str(without)
    config.write_text(config.read_text() + '[homes]\nip_countries = "table.mmdb"\n')
    done = CliRunner().invoke(migrate, ["plan", "--config", str(config)])
    assert done.exit_code == 0, done.output
    address = "by network address (sign_up_ip): 1 inside, 1 outside"
    assert f"{address} (Norway 1, United States of America 1)" in done.output
    assert "table of addresses Test-Country" in done.output
    told = CliRunner().invoke(migrate, ["plan", "--config", str(config), "--json"])
    assert json.loads(told.output)["homes"]["decided"][0]["evidence"] == "country country"


def test_a_file_of_countries_beside_the_policy_decides_too(world: World, tmp_path: Path) -> None:
    text = (
        "klover-countries: 1\nmemberships:\n"
        "  - {group: friends, country: Canada, since: 2026-01-01, source: s}\n"
    )
    (tmp_path / "countries.yaml").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    file = tmp_path / "klover.yaml"
    pinned = POLICY.replace("inside: [EEA, GB, CH]", "inside: [EEA, GB, CH, friends]")
    file.write_text(pinned + f"countries: {{file: countries.yaml, sha256: {digest}}}\n")
    options = ("--dsn", world.source, "--ip-countries", str(tmp_path / "table.mmdb"), "--json")
    body = json.loads(homes(file, *options).output)
    assert body["inside"] == 9
    assert body["countries_edition"] == f"2026-11+sha256:{digest}"
    (tmp_path / "countries.yaml").write_text(text + "# changed\n")
    assert "another SHA-256" in str(homes(file, *options).exception)
    (tmp_path / "countries.yaml").unlink()
    error = homes(file, *options).exception
    assert isinstance(error, InputError)
    assert "Cannot read the policy's file of countries" in str(error)
