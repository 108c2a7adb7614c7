"""Row conditions of the policy, read just far enough to be put between parentheses.

``public_rows`` is SQL text that a person wrote. ``policy.predicate`` refuses what could end or
escape an expression; here the words outside strings are held against the table's columns, since
the owner of a view has to hold those. Postgres then parses the whole (``apply`` asks it to);
nothing here tries to understand it.
https://www.postgresql.org/docs/18/sql-syntax-lexical.html
"""

from collections.abc import Mapping

from klover.errors import PolicyError
from klover.policy.predicate import refuse_predicate, words_of


def columns_used(text: str, types: Mapping[str, str]) -> frozenset[str]:
    """Tell which of the columns that have these ``types`` the condition may read.

    A word counts as a column wherever it stands, so the answer is an upper bound.
    Raises PolicyError where the text cannot be one expression.
    """
    reason = refuse_predicate(text, types)
    if reason is not None:
        raise PolicyError(
            f"`public_rows: {text}` has to be one condition over the table's own columns: {reason}."
        )
    return frozenset(types) & words_of(text)
