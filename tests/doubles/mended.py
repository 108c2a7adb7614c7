"""What the mends of violations say, done: each whole statement between backticks is run."""

import re
from collections.abc import Iterable

from klover.door import Fact
from klover.store.connect import Connection

_STATEMENT = re.compile(r"`((?:ALTER|DROP|REVOKE|ROLLBACK|SELECT) [^`\u2026]*)`")


def statements(fact: Fact) -> list[str]:
    """Tell the statements that a mend gives; none where it says in words what to decide first."""
    return _STATEMENT.findall(fact.mend)


def mend(connection: Connection, facts: Iterable[Fact]) -> set[tuple[str, str]]:
    """Run them; tells who and what of the violations that were mended so."""
    done = set()
    run = set()
    for fact in facts:
        for statement in statements(fact):
            if statement not in run:
                connection.execute(statement.encode())
            run.add(statement)
            done.add((fact.who, fact.what))
    return done
