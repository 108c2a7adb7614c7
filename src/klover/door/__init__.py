"""Doors: the policy compiled into Postgres.

``compile`` turns a resolved policy into values, ``state`` reads what stands, ``diff`` tells the
difference as ordered SQL, ``apply`` carries it out in one transaction, ``prove`` reads back from
the catalog what every role reaches and holds it against the policy.
"""

from klover.door import naming, rotate
from klover.door.apply import Applied, apply_doors as apply, plan_doors as plan
from klover.door.compile import compile_doors
from klover.door.doors import Door, Doors, Epochs, View, ViewColumn
from klover.door.drop import Dropped, drop
from klover.door.prepare import Preparation, Prepared, preparation, prepare, to_close
from klover.door.proof import Fact, Proof, Verdict, Way
from klover.door.prove import prove
from klover.door.pseudonyms.state import read_epochs
from klover.door.reveal import Question, Revealed, reveal
from klover.door.step import Phase, Step
from klover.door.suspend import (
    Suspended,
    count_sessions,
    end_sessions,
    resume,
    suspend,
    to_open,
)

__all__ = [
    "Applied",
    "Door",
    "Doors",
    "Dropped",
    "Epochs",
    "Fact",
    "Phase",
    "Preparation",
    "Prepared",
    "Proof",
    "Question",
    "Revealed",
    "Step",
    "Suspended",
    "Verdict",
    "View",
    "ViewColumn",
    "Way",
    "apply",
    "compile_doors",
    "count_sessions",
    "drop",
    "end_sessions",
    "naming",
    "plan",
    "preparation",
    "prepare",
    "prove",
    "read_epochs",
    "resume",
    "reveal",
    "rotate",
    "suspend",
    "to_close",
    "to_open",
]
