"""What must ``never`` be, held by the proof against what stands in the views."""

from dataclasses import replace

import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA
from klover import door
from klover.policy.model import DataClass, Identifiers, Never, Region
from klover.store.connect import Connection

ANYWHERE = Region(everywhere=True)
CLEARLY = POLICY.replace(
    "audiences:\n",
    """audiences:
  plain:
    who: {groups: [p], located: [NO]}
    sees: [interoperable, public]
    identifiers: clear
""",
).replace("theme: {class: public, identifies: no}", "theme: {class: public, identifies: directly}")


def seeing(*classes: DataClass) -> Never:
    return Never(located=ANYWHERE, sees=frozenset(classes))


def told(connection: Connection, policy: str, never: Never) -> set[tuple[str, str]]:
    """Tell what the proof finds of a ``never``, on doors that were applied without it."""
    resolved = resolve(connection, policy)
    stricter = replace(resolved, policy=replace(resolved.policy, nevers=(never,)))
    violations = door.prove(connection, stricter, TODAY).violations
    assert all("`never` on line" in fact.why for fact in violations), violations
    return {(fact.who, fact.what) for fact in violations}


@pytest.fixture
def world(database: Connection) -> Connection:
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    open_doors(database, compiled(database, resolve(database, CLEARLY), 1))
    return database


ABROAD = "klover_door_abroad"
PLAIN = "klover_door_plain"


def test_the_class_of_a_part_of_a_document(world: Connection) -> None:
    found = told(world, CLEARLY, seeing(DataClass.INTEROPERABLE))
    for column in ("settings", "raw"):
        assert (ABROAD, f"accounts.{column} at mail") in found
        assert not [what for _, what in found if what.startswith(f"accounts.{column} at theme")]
        assert not [what for _, what in found if what == f"accounts.{column}"]
    public = told(world, CLEARLY, seeing(DataClass.PUBLIC))
    assert (PLAIN, "accounts.settings at theme") in public
    assert (ABROAD, "accounts.settings at theme") not in public  # it identifies: it is absent
    assert not told(world, CLEARLY, seeing(DataClass.RESTRICTED))


def test_a_part_that_identifies_in_clear(world: Connection) -> None:
    never = Never(located=Region(names=("NO",)), identifiers=Identifiers.CLEAR)
    found = told(world, CLEARLY, never)
    assert (PLAIN, "accounts.settings at theme") in found
    assert (PLAIN, "accounts.settings at mail") not in found
    assert {who for who, _ in found} == {PLAIN}


def test_what_is_behind_a_pseudonym_or_made_coarse_has_its_class(world: Connection) -> None:
    found = told(world, CLEARLY, seeing(DataClass.INTEROPERABLE))
    assert {(ABROAD, "accounts.id"), (ABROAD, "notes.about_id"), (ABROAD, "chats.member_ids")} <= (
        found
    )
    assert (ABROAD, "recent.account_id") in found
    assert (ABROAD, "accounts.country") in found


def test_coarse_values_are_identifiers_under_pseudonyms(world: Connection) -> None:
    never = Never(located=ANYWHERE, identifiers=Identifiers.PSEUDONYMISED)
    found = told(world, CLEARLY, never)
    assert {(ABROAD, "pseudonyms"), (ABROAD, "accounts.country")} <= found
    assert PLAIN not in {who for who, _ in found}


def test_a_document_shown_whole_is_judged_by_all_of_it(world: Connection) -> None:
    resolved = resolve(world, CLEARLY)
    stricter = replace(
        resolved, policy=replace(resolved.policy, nevers=(seeing(DataClass.RESTRICTED),))
    )
    with world.transaction(force_rollback=True):
        world.execute("grant select on public.accounts to klover_owner_abroad")
        world.execute(
            "drop view door_abroad.accounts;"
            "create view door_abroad.accounts as select settings from public.accounts"
        )
        found = {
            (fact.who, fact.what)
            for fact in door.prove(world, stricter, TODAY).violations
            if "`never`" in fact.why
        }
    assert {(ABROAD, "accounts.settings"), (ABROAD, "accounts.settings at mail.to")} <= found
