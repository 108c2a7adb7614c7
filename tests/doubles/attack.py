"""What a member of an audience tries at a door, as a value, and how it is tried.

An attack is a list of statements. It runs through real connections, logged in as a session role:
on the standby, where doors open, and on a hardened primary that admits sessions, where the attempt
begins by lifting ``default_transaction_read_only``: there only grants and hardening stand in its
way. It fails where it is refused with a SQLSTATE that the attack names, or where it runs and tells
nothing that the door does not show. The *control* runs the same statements as the store's owner
on the tables themselves: there they work, so the attack is no mere mistake in its spelling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pytest

from conftest import VERSION
from doubles.enclave import Enclave, everything_told, leaked
from klover.store.connect import Connection

DENIED = "42501"
READ_ONLY = "25006"
NO_TABLE = "42P01"
NO_COLUMN = "42703"
NO_FUNCTION = "42883"
NO_OBJECT = "42704"
NO_FEATURE = "0A000"
SLUG = "engineering_abroad"
LIFT = "set session characteristics as transaction read write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    name: str
    sql: tuple[str, ...]
    refused: frozenset[str]
    """The SQLSTATEs that refuse it; empty where it may run and tells nothing."""
    tells: str
    """Where it may run: what has to come back."""
    control: tuple[str, ...] | None
    """What the owner runs instead; None where nobody can do it, or a control would do harm."""
    reveals: str
    """What the control has to tell."""
    since: int = 15
    """The first version of Postgres that knows it."""


def attack(
    name: str,
    *sql: str,
    refused: str = "",
    tells: str = "",
    control: str | tuple[str, ...] | None = "",
    reveals: str = "",
    since: int = 15,
) -> Attack:
    """Make an attack; the control is the same statements unless given."""
    if control is not None:
        control = sql if control == "" else (control,) if isinstance(control, str) else control
    return Attack(
        name=name,
        sql=sql,
        refused=frozenset(refused.split()),
        tells=tells,
        control=control,
        reveals=reveals,
        since=since,
    )


_HIDDEN = """
select (select format('klover_pseudonym.%I', min(relname)) from pg_class
         where relnamespace = to_regnamespace('klover_pseudonym') and relkind = 'r'),
       (select format('klover_pseudonym.%I', min(proname)) from pg_proc
         where pronamespace = to_regnamespace('klover_pseudonym')),
       (select coalesce(min(attname), 'klover_p_none') from pg_attribute
         where attrelid = 'public.accounts'::regclass and attname like 'klover\\_p\\_%')
"""
"""What pseudonyms rest on, found by the names that everybody can read in the catalog."""


def _written(closed: Enclave, statements: tuple[str, ...]) -> tuple[str, ...]:
    """Put the names of hidden things into statements that ask for them."""
    if not any("{" in each for each in statements):
        return statements
    with closed.owner() as owner:
        table, function, column = owner.execute(_HIDDEN).fetchone() or ("", "", "")
    words = {"{keys}": table, "{keeper}": function, "{hidden}": column}
    for name, word in words.items():
        statements = tuple(each.replace(name, str(word)) for each in statements)
    return statements


def fails_on_standby(closed: Enclave, attempt: Attack) -> None:
    """Try it where doors open."""
    with closed.session(SLUG) as session:
        refused = attempt.refused | {READ_ONLY} if attempt.refused else attempt.refused
        _fails(closed, session, attempt, refused)


def fails_on_primary(closed: Enclave, attempt: Attack) -> None:
    """Try it where nothing but grants and hardening is in the way."""
    with closed.primary_session(SLUG) as session:
        session.execute(LIFT)
        _fails(closed, session, attempt, attempt.refused)


def works_for_the_owner(closed: Enclave, attempt: Attack) -> None:
    """Run the control, and take back whatever it did."""
    assert attempt.control is not None
    with closed.owner() as owner:
        owner.execute("begin")
        owner.execute("set local search_path = public, door_engineering_abroad")
        kept = tuple(each for each in _written(closed, attempt.control) if each != "begin")
        told, sqlstate = everything_told(owner, kept)
        owner.execute("rollback")
    assert not sqlstate, told
    assert attempt.reveals in told


class Trials:
    """Tries each of a module's attacks; one without a control is not tried for the owner."""

    attacks: ClassVar[Sequence[Attack]] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        controls = metafunc.function.__name__ == "test_it_works_for_the_owner"
        known = [one for one in self.attacks if one.since <= VERSION]
        tried = [one for one in known if one.control is not None or not controls]
        metafunc.parametrize("attempt", tried, ids=[one.name for one in tried])

    def test_on_the_standby(self, closed: Enclave, attempt: Attack) -> None:
        fails_on_standby(closed, attempt)

    def test_on_a_hardened_primary(self, closed: Enclave, attempt: Attack) -> None:
        fails_on_primary(closed, attempt)

    def test_it_works_for_the_owner(self, closed: Enclave, attempt: Attack) -> None:
        works_for_the_owner(closed, attempt)


def _fails(closed: Enclave, session: Connection, attempt: Attack, refused: frozenset[str]) -> None:
    told, sqlstate = everything_told(session, _written(closed, attempt.sql))
    assert not leaked(told), told
    if refused:
        assert sqlstate in refused, (sqlstate, told)
    else:
        assert not sqlstate, told
        assert attempt.tells in told
