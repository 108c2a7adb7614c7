"""Planted violations: each has to be found by the proof, and mended by the next apply."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from conftest import VERSION
from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from doubles.enclave import PEOPLE
from doubles.mended import mend
from klover import door
from klover.catalog import TableName
from klover.door import naming
from klover.policy.model import DataClass, Identifiers, Never, Region
from klover.policy.resolved import Resolved
from klover.store.connect import Connection
from klover.store.embedded import Server

SUPPORT = "door_support_europe"
ACCOUNTS = (
    f"drop view {SUPPORT}.accounts; create view {SUPPORT}.accounts with (security_barrier=true) as"
    " select id, {handle} as handle, handle_key, country, language_code, status, created_at,"
    " updated_at from public.accounts {rest};"
    f" alter view {SUPPORT}.accounts owner to klover_owner_support_europe;"
    f" grant select on {SUPPORT}.accounts to klover_door_support_europe"
)
VIDEOS = (
    f"drop view {SUPPORT}.videos; create view {SUPPORT}.videos with (security_barrier=true) as"
    " select id, account_id, visibility, title, caption, language_code, duration_s, storage_key,"
    " created_at, updated_at from public.videos {rest};"
    f" alter view {SUPPORT}.videos owner to klover_owner_support_europe;"
    f" grant select on {SUPPORT}.videos to klover_door_support_europe"
)
SESSION = "klover_s_support_europe_01"
ACCOUNT = TableName("public", "accounts")
TRIGGER = naming.trigger(ACCOUNT, "insert")
UPDATED = naming.trigger(ACCOUNT, "update")
STORED = naming.stored("engineering-abroad", ACCOUNT, "id", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    name: str
    sql: str
    found: str
    """A part of the violation's object or reason."""
    mended: bool = True
    """Whether ``apply`` mends it; what is not Klover's to touch is only reported."""


def plant(name: str, sql: str, found: str, *, mended: bool = True) -> Plant:
    return Plant(name=name, sql=sql, found=found, mended=mended)


PLANTS = (
    plant(
        "a base table for a door",
        "grant select on public.accounts to klover_door_support_europe",
        "accounts",
    ),
    plant(
        "a base column for a door",
        "grant select (email) on public.accounts to klover_door_support_europe",
        "accounts",
    ),
    plant(
        "a base table for one session",
        f"grant select on public.payments to {SESSION}",
        "payments",
    ),
    plant("a base table for everybody", "grant select on public.messages to public", "messages"),
    plant("a column for everybody", "grant select (body) on public.messages to public", "messages"),
    plant(
        "a column too many for an owner",
        "grant select (email) on public.accounts to klover_owner_support_europe",
        "accounts.email",
    ),
    plant(
        "writing for an owner",
        "grant update on public.accounts to klover_owner_support_europe",
        "may write",
    ),
    plant(
        "the keys of pseudonyms for a door",
        "grant select on klover_pseudonym.key to klover_door_support_europe",
        "klover_pseudonym.key",
    ),
    plant(
        "another audience's door",
        "grant usage on schema door_trust_and_safety to klover_door_support_europe;"
        "grant select on door_trust_and_safety.messages to klover_door_support_europe",
        "door_trust_and_safety",
    ),
    plant(
        "a view that shows another column under the right name",
        ACCOUNTS.format(handle="phone", rest=""),
        "accounts.phone, not accounts.handle",
    ),
    plant(
        "a view that computes from a restricted column",
        ACCOUNTS.format(handle="split_part(email, '@', 1)", rest=""),
        "computed",
    ),
    plant(
        "a view that filters by a restricted column",
        ACCOUNTS.format(handle="handle", rest="where email like 'k%'"),
        "reads accounts.email",
    ),
    plant("a view that forgets its condition", VIDEOS.format(rest=""), "conditions"),
    plant(
        "a view with a weaker condition",
        VIDEOS.format(rest="where (visibility <> 'private') is true"),
        "conditions",
    ),
    plant(
        "a view whose condition lets the unknown through",
        VIDEOS.format(rest="where (visibility = 'public') is not false"),
        "conditions",
    ),
    plant(
        "a view that belongs to the store's owner",
        f"alter view {SUPPORT}.videos owner to klover",
        "owned by klover",
    ),
    plant(
        "a view without its barrier",
        f"alter view {SUPPORT}.videos reset (security_barrier)",
        "security_barrier",
    ),
    plant(
        "a view that asks as its reader",
        f"alter view {SUPPORT}.videos set (security_invoker = true)",
        "security_barrier",
    ),
    plant(
        "a rule on a view",
        f"create rule more as on insert to {SUPPORT}.videos do instead nothing",
        "rules",
    ),
    plant(
        "a column too many in a view",
        f"create or replace view {SUPPORT}.hashtags with (security_barrier=true) as"
        " select id, tag, id as again from public.hashtags",
        "columns",
    ),
    plant(
        "a view that nobody compiled",
        f"create view {SUPPORT}.extra as select email from public.accounts",
        "extra",
    ),
    plant(
        "a copy in a door",
        f"create materialized view {SUPPORT}.copied as select email from public.accounts",
        "copied",
    ),
    plant(
        "a door that nobody compiled",
        "create schema door_strangers; create view door_strangers.a as select 1;"
        "grant usage on schema door_strangers to klover_door_support_europe",
        "door that no audience has",
    ),
    plant("reads everything", f"grant pg_read_all_data to {SESSION}", "pg_read_all_data"),
    plant(
        "a member of the views' owner",
        f"grant klover_owner_support_europe to {SESSION}",
        "klover_owner_support_europe",
    ),
    plant(
        "a stranger in a door",
        "create role stranger; grant klover_door_support_europe to stranger",
        "member",
    ),
    plant(
        "a session that may become its door",
        f"grant klover_door_support_europe to {SESSION} with set true"
        if VERSION >= 16
        else f"grant klover_door_support_europe to {SESSION} with admin option",
        "is a member of it",
    ),
    plant("a password", f"alter role {SESSION} password 'x'", "password"),
    plant("a power", f"alter role {SESSION} createrole", "powers"),
    plant(
        "no row security for an owner", "alter role klover_owner_support_europe bypassrls", "powers"
    ),
    plant("many at once", f"alter role {SESSION} connection limit -1", "once"),
    plant("a door that logs in", "alter role klover_door_support_europe login", "log in"),
    plant(
        "a setting of its own",
        f"alter role {SESSION} set session_preload_libraries = 'x'",
        "starts",
    ),
    plant(
        "writing by default",
        f"alter role {SESSION} in database {{database}} set default_transaction_read_only = off",
        "read_only",
    ),
    plant(
        "another search path",
        f"alter role {SESSION} in database {{database}} reset search_path",
        "search_path",
    ),
    plant(
        "a function that executes strings",
        "grant execute on function query_to_xml(text, boolean, boolean, text) to public",
        "query_to_xml",
    ),
    plant(
        "a function of the application's owner",
        "create function public.all_mail() returns text security definer language sql"
        " as 'select min(email::text) from public.accounts';"
        "grant execute on function public.all_mail() to klover_door_support_europe",
        "all_mail",
        mended=False,
    ),
    plant(
        "a function open to everybody",
        "create function public.helper() returns int language sql as 'select 1';"
        "grant execute on function public.helper() to public",
        "helper",
    ),
    plant(
        "a language",
        "grant usage on language plpgsql to klover_door_support_europe",
        "language",
        mended=False,
    ),
    plant("temporary tables", "grant temp on database {database} to public", "temporary"),
    plant("another database", "grant connect on database postgres to public", "postgres"),
    plant("objects in public", "grant create on schema public to public", "may create"),
    plant("others' statements", "grant select on pg_stat_activity to public", "pg_stat_activity"),
    plant(
        "statistics",
        "grant select on pg_statistic to klover_door_support_europe",
        "pg_statistic",
        mended=False,
    ),
    plant("SET by another name", "grant update on pg_settings to public", "pg_settings"),
    plant(
        "open by default",
        "alter default privileges in schema public grant select on tables to public",
        "default privileges",
        mended=False,
    ),
    plant(
        "a foreign server",
        "create foreign data wrapper w; create server s foreign data wrapper w;"
        "grant usage on foreign server s to public",
        "foreign server s",
        mended=False,
    ),
    plant(
        "a parameter",
        f"grant set on parameter log_statement to {SESSION}",
        "log_statement",
        mended=False,
    ),
    plant(
        "a large object",
        "select lo_create(4242); grant select on large object 4242 to public",
        "large object 4242",
        mended=False,
    ),
    plant(
        "a sleeping trigger",
        f'alter table public.accounts disable trigger "{TRIGGER}"',
        "triggers",
    ),
    plant(
        "a trigger that replication passes by",
        f'alter table public.accounts enable trigger "{TRIGGER}"',
        "triggers",
    ),
    plant(
        "a trigger for some rows only",
        f'create or replace trigger "{TRIGGER}" before insert on public.accounts'
        " for each row when (new.id > 0) execute function klover_pseudonym.keep__accounts();"
        f'alter table public.accounts enable always trigger "{TRIGGER}"',
        "triggers",
    ),
    plant(
        "a trigger for some updates only",
        f'create or replace trigger "{UPDATED}" before update on public.accounts for each row'
        f" when (((old.id)::text is distinct from (new.id)::text) or new.{STORED} is null)"
        " execute function klover_pseudonym.keep__accounts();"
        f'alter table public.accounts enable always trigger "{UPDATED}"',
        "triggers",
    ),
    plant(
        "a trigger that changes the row afterwards",
        "create function public.later() returns trigger language plpgsql as"
        " 'begin new.id := 1; return new; end'; create trigger \"~~\" before update on"
        " public.accounts for each row execute function public.later()",
        "fires later",
        mended=False,
    ),
    plant(
        "a function that computes something else",
        "create or replace function klover_pseudonym.keep__accounts() returns trigger"
        " language plpgsql security definer set search_path = pg_catalog, pg_temp"
        f" as 'begin new.{STORED} := gen_random_uuid(); return new; end'",
        "computes something else",
    ),
    plant(
        "a function with its maker's rights",
        "alter function klover_pseudonym.keep__accounts() owner to klover",
        "other rights",
    ),
    plant(
        "a function whose path its caller chooses",
        "alter function klover_pseudonym.keep__accounts() reset search_path",
        "other rights or settings",
    ),
    plant(
        "nothing that makes sure",
        f"alter table public.accounts drop constraint {STORED}",
        "check does not stand",
    ),
    plant(
        "a check that says less",
        f"alter table public.accounts drop constraint {STORED};"
        f"alter table public.accounts add constraint {STORED} check (id is not null)",
        "check does not stand",
    ),
    plant(
        "a check that nobody held against the rows",
        f"alter table public.accounts drop constraint {STORED};"
        f"alter table public.accounts add constraint {STORED}"
        f" check (((id is not null) = ({STORED} is not null))) not valid",
        "check does not stand",
    ),
    plant(
        "no place for pseudonyms",
        f"alter table public.accounts drop column {STORED} cascade",
        "the column is not there",
    ),
    plant(
        "no keys",
        "delete from klover_pseudonym.key where audience = 'engineering-china'",
        "key 1 of engineering-china",
    ),
    plant(
        "somebody who changes keys",
        "grant update on klover_pseudonym.key to klover_keeper",
        "read or change the keys",
        mended=False,
    ),
    plant(
        "the application reads the keys",
        "grant select on klover_pseudonym.key to public",
        "klover_pseudonym.key",
    ),
)


@pytest.fixture(scope="module")
def applied(server: Server) -> Iterator[tuple[Connection, Resolved]]:
    with own_database(server, "klover_test_prove") as connection:
        load_application(connection)
        resolved = resolve(connection)
        open_doors(connection, compiled(connection, resolved))
        connection.execute(PEOPLE)
        yield connection, resolved


@pytest.mark.parametrize("planted", PLANTS, ids=lambda planted: planted.name)
def test_a_planted_violation_is_found_and_mended(
    applied: tuple[Connection, Resolved], planted: Plant
) -> None:
    connection, resolved = applied
    with connection.transaction(force_rollback=True):
        connection.execute(planted.sql.replace("{database}", connection.info.dbname).encode())
        found = door.prove(connection, resolved, TODAY).violations
        assert any(planted.found in f"{fact.what} {fact.why}" for fact in found), found
        open_doors(connection, compiled(connection, resolved))
        left = door.prove(connection, resolved, TODAY).violations
        assert bool(left) is not planted.mended
        assert not planted.mended or not [f for f in found if "`klover doors apply`" not in f.mend]
        done = mend(connection, left)
        again = {
            (each.who, each.what) for each in door.prove(connection, resolved, TODAY).violations
        }
        assert not done & again


def test_nothing_is_found_where_nothing_is_wrong(applied: tuple[Connection, Resolved]) -> None:
    connection, resolved = applied
    assert not door.prove(connection, resolved, TODAY).violations


@pytest.mark.parametrize(
    ("never", "found"),
    [
        (Never(located=Region(everywhere=True), sees=frozenset({DataClass.RESTRICTED})), "email"),
        (Never(located=Region(names=("NO",)), identifiers=Identifiers.CLEAR), "accounts.handle"),
        (Never(located=Region(names=("CN",)), sees=frozenset({DataClass.PUBLIC})), "duration_s"),
        (Never(located=Region(names=("CN",)), identifiers=Identifiers.PSEUDONYMISED), "pseudonyms"),
        (Never(located=Region(names=("IE",)), sees=frozenset({DataClass.RESTRICTED})), "rows"),
    ],
)
def test_a_never_is_held_against_what_is_shown(
    applied: tuple[Connection, Resolved], never: Never, found: str
) -> None:
    connection, resolved = applied
    stricter = replace(resolved, policy=replace(resolved.policy, nevers=(never,)))
    violations = door.prove(connection, stricter, TODAY).violations
    assert any(found in fact.what for fact in violations)
    assert all("never" in fact.why for fact in violations)


def test_a_policy_that_tightened_makes_the_old_doors_a_violation(
    applied: tuple[Connection, Resolved],
) -> None:
    connection, resolved = applied
    support = resolved.policy.audiences["support-europe"]
    narrower = replace(support, sees=frozenset({DataClass.INTEROPERABLE}))
    audiences = {**resolved.policy.audiences, support.name: narrower}
    stricter = replace(resolved, policy=replace(resolved.policy, audiences=audiences))
    assert any("handle" in fact.what for fact in door.prove(connection, stricter, TODAY).violations)


def test_a_view_compiled_wrongly_fails_closed(applied: tuple[Connection, Resolved]) -> None:
    """Whatever a view says, its owner holds no column that the policy withholds."""
    connection, _ = applied
    for handle in ("phone", "split_part(email, '@', 1)"):
        with connection.transaction(force_rollback=True):
            connection.execute(ACCOUNTS.format(handle=handle, rest="").encode())
            connection.execute("set local role klover_door_support_europe")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute("select status from door_support_europe.accounts")
