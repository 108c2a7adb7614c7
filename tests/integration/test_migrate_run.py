"""A small world moves home: what is inside, what stays outside, what is refused."""

from collections.abc import Callable

import pytest

from doubles.small_world import World, contents, rows, run_sql
from klover.errors import CheckFailed, InputError
from klover.migrate.phase import Phase
from klover.store.embedded import Server

NewDatabase = Callable[[], str]


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    made = World(source=server.dsn(new_database()), enclave=server.dsn(new_database()))
    made.fill()
    return made


def test_plan_decides_homes_and_counts_what_nobody_recognised(world: World) -> None:
    plan = world.migration().plan()
    assert plan.problems == ()
    homes = plan.homes
    assert (homes.inside, homes.outside, homes.undecided) == (4, 2, 2)
    assert (homes.without_home, homes.unrecognised) == (1, 1)
    assert [(odd.name, odd.subjects) for odd in homes.odd] == [(None, 1)]
    tables = {table.table: table for table in plan.tables}
    assert (tables["follows"].inside, tables["follows"].mixed) == (3, 2)
    assert tables["addresses"].unowned == 1
    assert tables["addresses"].inside == 2
    assert tables["addresses"].mixed == 1
    assert tables["logins"].inside == 2, "a reference that leads nowhere counts as inside"
    assert tables["audit"].unowned == 1


def test_everything_moves_and_nothing_restricted_stays(world: World) -> None:
    before = contents(world.source)
    outcome = world.migration().run()
    assert outcome.phase is Phase.SWEPT
    assert outcome.rows_different == 0
    assert outcome.rows_equal == outcome.rows_moved > 0
    assert outcome.found_before > 0
    assert outcome.restricted_left == 0
    inside = contents(world.enclave)
    for person in ("kari@fjord", "rex@deep", "zoe@alps", "nil@nowhere"):
        (whole,) = [row for row in before["people"] if person in row]
        assert whole in inside["people"]
    left = "\n".join(row for table in contents(world.source).values() for row in table)
    for secret in (
        "kari@fjord",
        "Nordmann",
        "Family dinner",
        "192.0.2",
        "Storgata",
        "+47 22",
        "Alpine secret",
        "met in Oslo",
        "60.79N",
    ):
        assert secret not in left
    for own in ("Tax papers", "hello cousin", "cousins", "bob@prairie", "Main Street"):
        assert own in left


def test_an_americans_feed_works_before_and_after(world: World) -> None:
    feed = """select v.title, p.handle from videos v join people p on p.id = v.person_id
              where v.seen = 'public' order by 1"""
    before = rows(world.source, feed)
    world.migration().run()
    assert rows(world.source, feed) == before


def test_guests_hold_declared_columns_only(world: World) -> None:
    world.migration().run()
    (guest,) = rows(world.enclave, "select handle, email, real_name, age from people where id = 2")
    assert guest == ("bob", "2@stub.invalid", None, 1)
    (video,) = rows(world.enclave, "select title, upload_ip from videos where id = 4")
    assert str(video[1]) == "0.0.0.0"  # noqa: S104 - a value
    assert video[0] == ""


def test_a_second_run_changes_nothing(world: World) -> None:
    first = world.migration().run()
    state = contents(world.source), contents(world.enclave)
    assert world.migration().run() == first
    assert (contents(world.source), contents(world.enclave)) == state


def test_a_row_changed_since_the_copy_is_not_erased_but_copied_again(world: World) -> None:
    world.migration().run(Phase.SOUGHT)
    run_sql(world.source, "update people set real_name = 'Kari Ny' where id = 1")
    with pytest.raises(CheckFailed, match="1 rows of the source and the enclave differ"):
        world.migration().run()
    assert rows(world.source, "select real_name from people where id = 1") == [("Kari Ny",)]
    assert world.migration().run().restricted_left == 0
    assert rows(world.enclave, "select real_name from people where id = 1") == [("Kari Ny",)]


def test_an_enclave_with_other_data_is_refused_and_left_as_it_is(world: World) -> None:
    run_sql(world.enclave, "insert into addresses (street) values ('Somebody else')")
    before = contents(world.enclave)
    with pytest.raises(InputError, match="already holds other data"):
        world.migration().run()
    assert contents(world.enclave) == before
    assert rows(world.enclave, "select to_regclass('klover.migration_run')") == [(None,)]
