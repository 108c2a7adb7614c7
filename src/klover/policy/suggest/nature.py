"""What a table is about, which decides how much its flags, numbers and times tell.

The words of a table's name decide, the strictest first; what no word tells is of no known nature.
A table that nobody's key ties to a person is the operator's own.
"""

from enum import StrEnum

from klover.catalog import Column, Table
from klover.policy.identify import is_harmless
from klover.policy.labels import category, label, of_words
from klover.policy.suggest.guess import Tie
from klover.policy.suggest.shape import Shape, is_made_up, row_key
from klover.policy.words import kinds, plain
from klover.policy.words.personal import ALONE
from klover.policy.words.split import KNOWN, words


class Nature(StrEnum):
    """What rows of a table are."""

    PERSON = "people"
    PUBLIC = "things for everybody to see"
    RELATION = "relations"
    SETTING = "settings"
    PRIVATE = "private acts or belongings"
    UNKNOWN = "not known"
    REFERENCE = "nobody's data"
    GUARDED = "the operator's own, not for everybody"
    SYSTEM = "what machines write"
    MACHINERY = "what keeps a program running"
    GROUP = "an organisation's own"
    APART = "not known, and no key leads to anybody"


_FINDING = (
    "user.contact.email",
    "user.contact.phone",
    "user.contact.address.street",
    "user.name",
    "user.account.username",
    "user.device",
    "user.authorization.password",
    "user.demographic",
    "user.government_id",
    "user.financial.bank_account",
    "user.financial.credit_card",
)
_OFTEN = ("user.name", "user.account.username")
"""What a tag or a brand may have as well: a display name."""
_MARKS = (("id",), ("uid",), ("uuid",), ("by",))
_LEADING = frozenset({"account", "user", "person", "member", "customer"})
_NO_PERSON = (kinds.REFERENCE | kinds.SORTS | kinds.ORGANISATIONS) - kinds.ROLES
"""Words of ids that lead to nobody, even where they lead nowhere: ``district_id``."""
_LINKED = 2
_PAST = frozenset({"history", "archive"})


def nature_of(table: Table, shape: Shape) -> Nature:
    """Tell the nature of a table."""
    said = words(table.name.name)
    if table.name in shape.groups:
        return Nature.GROUP
    found = _nature_of(table, said, shape)
    if table.name in shape.theirs and _is_a_groups(table, said, found, shape):
        return Nature.GROUP
    return found


def _is_a_groups(table: Table, said: tuple[str, ...], found: Nature, shape: Shape) -> bool:
    """Tell whether rows that only an organisation ties to people are its own affairs."""
    money = (of_words(said[-1:]) or "").startswith(("user.payment", "user.financial"))
    private = found is Nature.PRIVATE and (money or _secret(said) or {*said[-1:]} & kinds.ACTS)
    unclear = found in {Nature.UNKNOWN, Nature.APART, Nature.PRIVATE} and not private
    return unclear and not _names_people(table, said, shape)


def _nature_of(table: Table, said: tuple[str, ...], shape: Shape) -> Nature:
    traced = table.name == shape.subjects or any(
        not way.audit for way in shape.ways.get(table.name, ())
    )
    settings = {*said[-1:]} & kinds.SETTING - {"policy"}  # an insurance has policies too
    if table.name in shape.beside or (table.name in shape.together and not settings):
        return _tied(said, _links(shape.ties[table.name]))
    if not traced:
        return _untied(table, said, shape)
    if table.name == shape.subjects or table.name in shape.people:
        return Nature.PRIVATE if _of_a_private_kind(table, said, shape) else Nature.PERSON
    found = _tied(said, _links(shape.ties[table.name]))
    if found is Nature.UNKNOWN and _is_published(table):
        return Nature.PUBLIC
    if found not in {Nature.SETTING, Nature.GUARDED} and _delicate(shape):
        return Nature.PRIVATE
    return found


def _of_a_private_kind(table: Table, said: tuple[str, ...], shape: Shape) -> bool:
    """Tell whether people are patients, say, or their rows accounts for payouts."""
    before = [word for word in said[:-1] if word not in _LEADING | {"auth"}]
    private = bool(set(before) & kinds.PRIVATE) or _secret(before)
    return _secret(said[-1:], alone=True) or (private and table.name != shape.subjects)


def _is_published(table: Table) -> bool:
    """Tell whether rows say that they are published, or have a name for a public address."""
    return _has_an_address(table) or any(
        "published" in words(one.name) and not _has_every_row(one) for one in table.columns
    )


def _has_every_row(column: Column) -> bool:
    """Tell whether a ``published`` is a time that every row has: when it was written."""
    return column.not_null and column.default is not None and "timestamp" in column.base_type


def _delicate(shape: Shape) -> bool:
    """Tell whether the people are such that every row about them is a private one."""
    return any(set(words(name.name)[-1:]) & kinds.DELICATE for name in shape.people)


def _tied(said: tuple[str, ...], links: int) -> Nature:
    """Judge a table that a key ties to people: the first that fits, the strictest first."""
    about = [word for word in said if word not in _LEADING] or list(said)
    if not about:
        return Nature.UNKNOWN
    has, linked = set(about), links >= _LINKED
    programs = about[-1] == "app" or (about[-1] == "application" and bool(has & {"oauth", "api"}))
    setting = about[-1] in kinds.SETTING or bool(has & {"setting", "preference"})
    fitting = (
        (programs, Nature.GUARDED),
        (_secret(about, alone=len(said) == 1), Nature.PRIVATE),
        (setting, Nature.SETTING),
        (bool(has & kinds.PRIVATE), Nature.PRIVATE),
        (linked and bool(has & kinds.RELATION), Nature.RELATION),
        (bool(has & kinds.PUBLIC) and not has & kinds.RATED, Nature.PUBLIC),
        (linked and has <= _things(), Nature.RELATION),
    )
    return next((nature for fits, nature in fitting if fits), Nature.UNKNOWN)


def _untied(table: Table, said: tuple[str, ...], shape: Shape) -> Nature:
    """Judge a table that no key ties to a person: by what it holds, then by its name."""
    has, last = set(said), said[-1] if said else ""
    nowhere = leads_nowhere(table, shape)
    people = table.name in shape.people or _names_people(table, said, shape)
    things = not nowhere and not people and _is_of_things(table, said, shape)
    content = has & kinds.PUBLIC and not has & (kinds.REFERENCE | kinds.PUBLISHED)
    guarded = _secret(said) or content or has & (kinds.PRIVATE | kinds.RELATION)
    nobodys = _tells_of_no_act(said, table, shape)
    fitting = (
        (last in kinds.PROGRAMS, Nature.GUARDED),
        (last in kinds.SETTING and not shape.ties[table.name].pairs, Nature.GUARDED),
        (things, Nature.REFERENCE),
        (last in kinds.MACHINERY and not people, Nature.MACHINERY),
        (_is_system(said), Nature.SYSTEM),
        (people, Nature.UNKNOWN),
        (_is_somebodys_act(table, said, shape), Nature.UNKNOWN),
        (last in kinds.SORTS and not nowhere, Nature.REFERENCE),
        (nobodys and nowhere, Nature.PUBLIC if _has_an_address(table) else Nature.APART),
        (nowhere or not said or last in kinds.ACTS, Nature.UNKNOWN),
        (last not in KNOWN and table.name not in shape.looked_up, Nature.APART),
        (bool(guarded) or last not in KNOWN, Nature.GUARDED),
    )
    return next((nature for fits, nature in fitting if fits), Nature.REFERENCE)


def _is_somebodys_act(table: Table, said: tuple[str, ...], shape: Shape) -> bool:
    """Tell whether a row that is called an act names at least who entered it."""
    people = any(guess.target in shape.people for guess in shape.ties[table.name].all())
    return people and bool(set(said) & (kinds.PRIVATE | kinds.ACTS))


def _tells_of_no_act(said: tuple[str, ...], table: Table, shape: Shape) -> bool:
    """Tell whether no word of a table or of its ids tells of anybody or of anybody's acts."""
    tie = shape.ties[table.name]
    ids = {word for one in table.columns if one.name not in tie.columns() for word in _marked(one)}
    acts = kinds.PRIVATE | kinds.ACTS | kinds.SYSTEM | kinds.RELATION
    people = kinds.ROLES | kinds.PEOPLE.keys()
    pairs = any(not pair.halves for pair in tie.pairs)
    return bool(said) and not (pairs or (set(said) | ids) & acts or ids & people or _secret(said))


def _marked(column: Column) -> tuple[str, ...]:
    """Tell the words of a column that looks like a reference; none of another."""
    said = words(column.name)
    return said if _refers(said) else ()


def _has_an_address(table: Table) -> bool:
    """Tell whether rows have a name for a public address."""
    return any(set(words(one.name)) & plain.ADDRESSES for one in table.columns)


def _is_of_things(table: Table, said: tuple[str, ...], shape: Shape) -> bool:
    """Tell whether rows only tie things together, or tell how a thing was: a price's history."""
    acts = kinds.ACTS | (kinds.PRIVATE - _PAST)
    if set(said) & acts or _secret([word for word in said if word not in kinds.PRICES]):
        return False
    tied = shape.ties[table.name]
    targets = {guess.target for guess in tied.guesses if guess.declared} - {table.name}
    past = said[-1:] != () and said[-1] in _PAST
    if past and any(words(target.name) == said[: len(words(target.name))] for target in targets):
        return True
    others = [one for one in table.columns if one.name not in tied.columns()]
    return bool(targets) and all(is_harmless(one) and not category(one.name) for one in others)


def _is_system(said: tuple[str, ...]) -> bool:
    """Tell whether a machine writes the rows: by the last word, or by a first one that says so."""
    first = said[:1] and said[0] in kinds.SYSTEM - {"job"}
    return bool(said) and (first or said[-1] in kinds.SYSTEM)


def _names_people(table: Table, said: tuple[str, ...], shape: Shape) -> bool:
    """Tell whether a column names or finds somebody; what others look up has names of its own."""
    refers = shape.ties[table.name].columns()
    last = said[-1] if said else ""
    looked_up = table.name in shape.looked_up and last not in kinds.ROLES
    thing = last in kinds.REFERENCE or looked_up
    if last in kinds.ROLES - kinds.REFERENCE and any(
        words(one.name) == ("name",) for one in table.columns
    ):
        return True
    found = [
        label(column.name)
        for column in table.columns
        if column.name not in refers and not is_harmless(column)
    ]
    return any(
        one is not None and one.startswith(_FINDING) and not (thing and one in _OFTEN)
        for one in found
    )


def leads_nowhere(table: Table, shape: Shape) -> bool:
    """Tell whether a column looks like a reference and leads nowhere: it may lead to a person."""
    tie = shape.ties[table.name]
    known = tie.columns() | set(row_key(table))
    known |= {column.name for column in table.columns if is_made_up(column, table)}
    return any(not pair.halves for pair in tie.pairs) or any(
        column.name not in known and _refers(words(column.name)) for column in table.columns
    )


def _refers(said: tuple[str, ...]) -> bool:
    if (
        len(said) > 1
        and said[-1] == "id"
        and (set(said[:-1]) <= plain.PLACES or said[-2] in _NO_PERSON)
    ):
        return False
    inside = said.index("id", 1) if "id" in said[1:] else 0  # ``personIDTaker``
    of_somebody = bool(inside) and said[inside - 1] in kinds.ROLES
    return of_somebody or said[-1:] in _MARKS or (len(said) > 1 and said[0] in {"id", "fk"})


def _secret(said: tuple[str, ...] | list[str], *, alone: bool = False) -> bool:
    """Tell whether a table's name speaks of health, money, credentials and the like."""
    if not alone:
        said = tuple(word for word in said if word not in ALONE)
    found = of_words(said, strong=True)
    return found is not None and not found.startswith(("user.contact.address", "user.contact.url"))


def _things() -> frozenset[str]:
    return kinds.PUBLIC | kinds.REFERENCE | kinds.RELATION


def _links(tie: Tie) -> int:
    """Count the rows that a row ties together."""
    return len({(guess.column, guess.value) for guess in tie.all() if not guess.audit})
