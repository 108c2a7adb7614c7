"""Which counts a door's days go by: a word of theirs is kept in the enclave.

A gateway that begins to count says the word that its counts hold and leaves a new one, here and
there. So counts of another folder, or of an older copy, are refused: with them everybody would have
a day twice. Whoever has lost the counts begins them anew, in so many words.
"""

from collections.abc import Callable, Mapping, Sequence

import psycopg

from klover.door.ledger import query, rows
from klover.door.turn import settle, wait_at_most
from klover.errors import ConfigError, StoreError
from klover.store.connect import Connection

_WAIT_SECONDS = 10.0
"""How long another gateway that begins to count is waited for: it asks a few statements."""


def go_on(
    primary: Connection,
    doors: Mapping[str, str],
    words: Sequence[str],
    *,
    next_word: Callable[[], str],
    time: str,
    anew: Callable[[Sequence[str]], None] | None = None,
    seconds: float = _WAIT_SECONDS,
) -> str:
    """Let the counts that hold one of ``words`` be those of ``doors``; tells their new word.

    ``doors`` are schemas by audience. Where other counts are known, ``anew`` is called with the
    audiences before these take their place; without it ConfigError is raised, and StoreError where
    somebody else begins to count for more than ``seconds``. Nothing has changed then.
    """
    with primary.transaction():
        settle(primary)
        wait_at_most(primary, seconds)
        try:
            primary.execute(query("make_counting"))
        except psycopg.errors.LockNotAvailable as error:
            raise StoreError(
                "Another gateway begins to count days at the same moment, and does not come to an "
                "end. Look at it, and start this one again."
            ) from error
        known = {schema: (word, since) for schema, word, since in rows(primary, "counting")}
        others = [
            audience
            for audience, schema in doors.items()
            if schema in known and known[schema][0] not in words
        ]
        if others and anew is None:
            raise ConfigError(_refusal(others[0], known[doors[others[0]]][1]))
        if others and anew is not None:
            anew(others)
        word = next_word()
        primary.execute(query("go_on_counting"), {"words": list(words), "word": word})
        found = {"schemas": list(doors.values()), "word": word, "time": time}
        primary.execute(query("count"), found)
    return word


def _refusal(audience: str, since: str) -> str:
    return (
        f"The days of {audience} are counted in another folder, or a later state of this one, "
        f"since {since}; counted here, too, everybody would have a day twice. Start with that "
        "folder's log; where it is lost, `klover up --count-anew` counts from nothing, on record."
    )
