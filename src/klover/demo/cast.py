"""The people themselves: who exists, where, and what each is called, dials and writes from.

Everything about a person follows from the seed and the person's index (the account's id less
one), so nothing is kept but a few bytes a person. Whatever is restricted is one person's alone and
easy to look for: no e-mail, phone, address or name is, or is part of, somebody else's.
"""
# ruff: noqa: PLR2004, S311 - shares of invented data explain themselves and are no secret

from array import array
from collections import Counter
from dataclasses import dataclass
from random import Random

from klover.demo.content import ADJECTIVES, ANIMALS
from klover.demo.homes import HOMES, ODD, Home, Side
from klover.demo.names import POOLS
from klover.errors import InputError

FEWEST = 100
"""Fewer people could not hold every oddity of the data and a feed worth showing."""
NORWEGIAN, AMERICAN, IRISH = 0, 1, 2
"""People the demonstration speaks of, by index."""
PUBLIC, FOLLOWERS, PRIVATE = 0, 1, 2
"""A video's visibility; the order is the one of the application's enum."""

_HEROES = {NORWEGIAN: "NO", AMERICAN: "US", IRISH: "IE"}
_HANDLES = {NORWEGIAN: "marit.hamar", AMERICAN: "dana.ohio", IRISH: "aoife.dublin"}
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example")
_FOLLOWED_EACH_SIDE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """All people and whose each video is. Indexes count from 0, ids in the database from 1."""

    people: int
    seed: int
    homes: bytes
    """For each person, the place of the home in ``HOMES``."""
    ordinals: "array[int]"
    """For each person, how many came before from the same pool of names."""
    authors: "array[int]"
    """For each video, the index of its author."""
    visibilities: bytes
    """For each video, one of PUBLIC, FOLLOWERS, PRIVATE."""
    followed: tuple[int, ...]
    """Whom the American follows: as many inside as outside, all with public videos."""

    def home(self, person: int) -> Home:
        """Tell where a person lives."""
        return HOMES[self.homes[person]]

    def inside(self, person: int) -> bool:
        """Tell whether a person counts as European; a home that nobody can read does."""
        return HOMES[self.homes[person]].side is not Side.OUTSIDE

    def handle(self, person: int) -> str:
        """Tell the public handle: it says nothing of the person."""
        if person in _HANDLES:
            return _HANDLES[person]
        return f"{ADJECTIVES[person * 7 % 16]}_{ANIMALS[person // 16 % 16]}.{person:x}"

    def name(self, person: int) -> str:
        """Tell the real name."""
        return POOLS[self.home(person).pool].name(self.ordinals[person])

    def email(self, person: int) -> str:
        """Tell the e-mail address."""
        mailbox = POOLS[self.home(person).pool].mailbox(self.ordinals[person])
        plus = "+clips" if person % 40 == 0 else ""
        return f"{mailbox}.{person:x}{plus}@{_DOMAINS[person % 5]}"

    def phone(self, person: int) -> str:
        """Tell the phone number; the factor shares no divisor with 10**8, so none comes twice."""
        return f"+{self.home(person).dial}5{(person * 48_271 + self.seed) % 10**8:08d}"

    def ip4(self, person: int) -> str:
        """Tell the address at home, from the range for shared address space (RFC 6598)."""
        number = person + (0x200000 if not self.inside(person) else 0)
        return f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"

    def ip6(self, person: int, device: int) -> str:
        """Tell the address of a device, from the range for documentation (RFC 3849)."""
        side = "e" if self.inside(person) else "a"
        return f"2001:db8:{side}{person >> 16:x}:{person & 0xFFFF:x}::{device + 1:x}"

    def sides(self) -> Counter[Side]:
        """Count the people on each side."""
        counted = Counter(self.homes)
        sides: Counter[Side] = Counter()
        for home, number in counted.items():
            sides[HOMES[home].side] += number
        return sides


def cast(*, people: int, seed: int) -> Cast:
    """Invent ``people`` people. Raises InputError for fewer than FEWEST."""
    if people < FEWEST:
        raise InputError(f"The demo needs at least {FEWEST} people; give a larger number.")
    homes = _homes(people, Random(f"{seed}/homes"))
    ordinals = array("I", bytes(4 * people))
    born: Counter[str] = Counter()
    for person, home in enumerate(homes):
        pool = HOMES[home].pool
        ordinals[person] = born[pool]
        born[pool] += 1
    authors, visibilities = _videos(people, Random(f"{seed}/videos"))
    return Cast(
        people=people,
        seed=seed,
        homes=homes,
        ordinals=ordinals,
        authors=authors,
        visibilities=visibilities,
        followed=_followed(homes, authors, visibilities),
    )


def _homes(people: int, random: Random) -> bytes:
    """Draw homes by weight, after the people we speak of and one person for each odd home."""
    plain = {home.spelling: place for place, home in enumerate(HOMES)}
    first = [plain[_HEROES[hero]] for hero in sorted(_HEROES)]
    first += [plain[home.spelling] for home in ODD]
    rest = random.choices(range(len(HOMES)), [home.weight for home in HOMES], k=people - len(first))
    return bytes(first) + bytes(rest)


def _videos(people: int, random: Random) -> "tuple[array[int], bytes]":
    """Decide how many videos each person has made, and who may see each."""
    authors = array("I")
    visibilities = bytearray()
    draw = random.random
    for person in range(people):
        few = draw()
        for _ in range(3 if person in _HEROES else int(few * few * 4.8)):
            chance = draw()
            authors.append(person)
            visibilities.append(PUBLIC if chance < 0.7 else FOLLOWERS if chance < 0.9 else PRIVATE)
    return authors, bytes(visibilities)


def _followed(homes: bytes, authors: "array[int]", visibilities: bytes) -> tuple[int, ...]:
    inside: dict[int, None] = {}
    outside: dict[int, None] = {}
    for author, visibility in zip(authors, visibilities, strict=True):
        if visibility == PUBLIC and author != AMERICAN:
            outward = HOMES[homes[author]].side is Side.OUTSIDE
            (outside if outward else inside)[author] = None
        if min(len(inside), len(outside)) >= _FOLLOWED_EACH_SIDE:
            break
    each = _FOLLOWED_EACH_SIDE
    return (*list(inside)[:each], *list(outside)[:each])
