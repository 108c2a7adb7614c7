"""Planted around the keys of pseudonyms: what could tell one, or make two audiences' the same."""

import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA
from doubles.mended import mend
from klover import door
from klover.store.connect import Connection

PLANTS = {
    "the keeper reads people": (
        "grant select on public.accounts to klover_keeper",
        "klover_keeper public.accounts: is more than the keys",
    ),
    "the keeper reads everything": (
        "grant pg_read_all_data to klover_keeper",
        "klover_keeper role pg_read_all_data: is more than the keys",
    ),
    "the keeper has a power": (
        "alter role klover_keeper bypassrls",
        "klover_keeper a power: is more than the keys",
    ),
    "a trigger on the keys": (
        (
            "create trigger t after insert on klover_pseudonym.key for each row"
            " execute function suppress_redundant_updates_trigger()"
        ),
        "klover_pseudonym.key: t runs when keys are made",
    ),
    "a rule on the keys": (
        "create rule r as on insert to klover_pseudonym.key do also select 1",
        "klover_pseudonym.key: r runs when keys are made",
    ),
    "one key for two audiences": (
        (
            "update klover_pseudonym.key k set ipad = o.ipad, opad = o.opad"
            " from klover_pseudonym.key o where k.audience = 'abroad' and o.audience = 'research'"
        ),
        "key 1 of abroad: is also that of epoch 1 of research",
    ),
    "pseudonyms computed in another table": (
        (
            "create table public.mine (like public.chats);"
            "create trigger t before insert on public.mine for each row"
            " execute function klover_pseudonym.keep__chats()"
        ),
        "pseudonyms mine: t computes pseudonyms there",
    ),
    "a stranger among the sessions": (
        "create role klover_test_stranger login; grant klover_session to klover_test_stranger",
        "klover_test_stranger role klover_session: is a member",
    ),
    "a stranger as the watch": (
        "create role klover_test_stranger login; grant klover_watch to klover_test_stranger",
        "klover_test_stranger role klover_watch: is a member",
    ),
}


@pytest.mark.parametrize(("planted", "found"), PLANTS.values(), ids=PLANTS.keys())
def test_what_is_planted_around_the_keys_is_found(
    database: Connection, planted: str, found: str
) -> None:
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    resolved = resolve(database, POLICY)
    open_doors(database, compiled(database, resolved, 1))
    assert not door.prove(database, resolved, TODAY).violations
    with database.transaction(force_rollback=True):
        database.execute(planted.encode())
        facts = door.prove(database, resolved, TODAY).violations
        done = mend(database, facts)
        left = {(each.who, each.what) for each in door.prove(database, resolved, TODAY).violations}
    assert not done & left
    told = [f"{fact.who} {fact.what}: {fact.why}" for fact in facts]
    assert any(found in each for each in told), told
