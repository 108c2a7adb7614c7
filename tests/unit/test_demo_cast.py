"""The invented people: their homes, their names, and that nothing of one is another's."""

from collections import Counter
from datetime import date
from importlib.resources import files

import pytest

from klover.demo import content
from klover.demo.cast import AMERICAN, FEWEST, IRISH, NORWEGIAN, PUBLIC, Cast, cast
from klover.demo.copytext import field
from klover.demo.homes import HOMES, ODD, Home, Side
from klover.demo.names import POOLS
from klover.demo.scan import seek
from klover.demo.tables import TABLES
from klover.errors import InputError
from klover.policy import country
from klover.policy.model import Policy
from klover.policy.parse import parse

PEOPLE = 3_000
TODAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def everybody() -> Cast:
    return cast(people=PEOPLE, seed=7)


@pytest.fixture(scope="module")
def policy() -> Policy:
    text = files("klover.demo").joinpath("klover.yaml").read_text(encoding="utf-8")
    return parse(text, "klover.yaml")


@pytest.mark.parametrize("home", HOMES, ids=lambda home: repr(home.spelling))
def test_the_policy_reads_each_home_as_a_careful_reader_would(home: Home, policy: Policy) -> None:
    code = country.resolve(home.spelling)
    if code is None:
        assert home.side is Side.UNDECIDED
    else:
        within = country.inside(code, policy.subjects.inside, TODAY, policy.countries)
        assert home.side is (Side.INSIDE if within else Side.OUTSIDE)


def test_a_third_are_european() -> None:
    for seed in range(3):
        sides = cast(people=20_000, seed=seed).sides()
        share = (sides[Side.INSIDE] + sides[Side.UNDECIDED]) / 20_000
        assert 0.30 <= share <= 0.37


def test_every_odd_home_occurs_among_the_fewest() -> None:
    few = cast(people=FEWEST, seed=0)
    assert {home.spelling for home in ODD} <= {
        few.home(person).spelling for person in range(FEWEST)
    }


def test_too_few_people_are_refused() -> None:
    with pytest.raises(InputError, match="at least 100"):
        cast(people=FEWEST - 1, seed=0)


def test_the_same_seed_invents_the_same_people(everybody: Cast) -> None:
    assert cast(people=PEOPLE, seed=7) == everybody
    assert cast(people=PEOPLE, seed=8).homes != everybody.homes


def test_the_people_we_speak_of_live_where_we_say(everybody: Cast) -> None:
    homes = [everybody.home(hero).spelling for hero in (NORWEGIAN, AMERICAN, IRISH)]
    assert homes == ["NO", "US", "IE"]


def test_nobody_shares_a_value(everybody: Cast) -> None:
    everyone = range(PEOPLE)
    for tell in (
        everybody.handle,
        everybody.name,
        everybody.email,
        everybody.phone,
        everybody.ip4,
    ):
        assert len(set(map(tell, everyone))) == PEOPLE
    assert len({everybody.handle(person).lower() for person in everyone}) == PEOPLE


def test_no_pool_repeats_a_name_and_no_two_share_a_family() -> None:
    for pool in POOLS.values():
        assert len({pool.name(ordinal) for ordinal in range(30_000)}) == 30_000
    families = Counter(family for pool in POOLS.values() for family, _ in pool.family)
    assert max(families.values()) == 1


def test_addresses_are_ascii_so_that_any_mail_server_takes_them() -> None:
    for pool in POOLS.values():
        for written, latin in (*pool.given, *pool.family):
            assert latin, written
            assert latin.isascii(), written


def test_what_is_sought_is_never_an_outsiders(everybody: Cast) -> None:
    sought = seek(people=PEOPLE, seed=7)
    assert sought.values > PEOPLE
    for person in range(PEOPLE):
        words = {everybody.email(person), everybody.phone(person), everybody.ip4(person)}
        if not everybody.inside(person):
            assert not words & sought.words


def test_no_public_text_names_anybody(everybody: Cast) -> None:
    shown = "\n".join(
        [*content.TITLES, *content.COMMENTS, *content.DISPLAY_NAMES]
        + [text or "" for text in (*content.BIOS, *content.CAPTIONS)]
    )
    assert "@example" not in shown
    for person in range(0, PEOPLE, 50):
        assert everybody.name(person) not in shown


def test_the_american_follows_both_sides(everybody: Cast) -> None:
    sides = Counter(everybody.inside(person) for person in everybody.followed)
    assert sides == {True: 12, False: 12}
    public = {
        author
        for author, visibility in zip(everybody.authors, everybody.visibilities, strict=True)
        if visibility == PUBLIC
    }
    assert set(everybody.followed) <= public


def test_every_line_has_the_columns_it_states() -> None:
    few = cast(people=FEWEST, seed=3)
    for table in TABLES:
        lines = list(table.rows(few))
        assert lines, table.name
        assert {line.count("\t") for line in lines} == {len(table.columns.split()) - 1}, table.name
        assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines), table.name


def test_copy_text_escapes_what_copy_would_misread() -> None:
    assert field(None) == "\\N"
    assert field("\\N") == "\\\\N"
    assert field("a\tb\nc\rd\\") == "a\\tb\\nc\\rd\\\\"
