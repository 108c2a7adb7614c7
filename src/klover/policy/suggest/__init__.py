"""A first policy for a database nobody has described, from its names, types, keys and values.

::

    ties     what refers to what: declared keys, names (``keys``, ``wide``), ``pairs``, values
    shape    whose data it is, and every table's way to its subjects
    nature   what a table is about          home      where subjects may live
    classes  the class of each column       opening   what speaks for more than restricted
    narrow   types too narrow for secrets   things    texts of what is nobody's
    sureness how sure a closed one is       rules     column rules as the file has them
    draft    all of it as values            write     the commented file

Recall of ``restricted`` comes first: what nothing speaks for stays closed. Pure: a database is
asked by ``store/sample``; no value of a row is ever written.
"""

from klover.policy.suggest.draft import Draft, draft
from klover.policy.suggest.evidence import Answer, Evidence, Question
from klover.policy.suggest.ties import questions
from klover.policy.suggest.write import write

__all__ = ["Answer", "Draft", "Evidence", "Question", "draft", "questions", "write"]
