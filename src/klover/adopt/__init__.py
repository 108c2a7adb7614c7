"""Which policy is in effect: kept in the enclave, pinned beside the log, put on record.

The rules are pure and stand in ``klover.policy.change_take``; this room keeps the chain of entries
(``keep``), remembers the last one seen (``pin``), and takes proposals and objections (``hand_in``).
``count`` tells how many rows a difference is about. Who opens what is ``assemble``'s business.
"""

from klover.adopt.count import count
from klover.adopt.hand_in import HandedIn, adopted, objection, propose, take_objection
from klover.adopt.standing import held, outdated, read_standing
from klover.policy.texts import Texts

__all__ = [
    "HandedIn",
    "Texts",
    "adopted",
    "count",
    "held",
    "objection",
    "outdated",
    "propose",
    "read_standing",
    "take_objection",
]
