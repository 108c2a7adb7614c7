"""Doors: the policy compiled into Postgres.

``compile`` turns a resolved policy into values, ``state`` reads what stands, ``diff`` tells the
difference as ordered SQL, ``apply`` carries it out in one transaction, ``prove`` reads back from
the catalog what every role reaches and holds it against the policy.
"""

from klover.door import naming
from klover.door.apply import Applied, apply_doors as apply, plan_doors as plan
from klover.door.compile import compile_doors
from klover.door.doors import Door, Doors, View, ViewColumn
from klover.door.proof import Fact, Proof, Verdict
from klover.door.prove import prove
from klover.door.step import Phase, Step

__all__ = [
    "Applied",
    "Door",
    "Doors",
    "Fact",
    "Phase",
    "Proof",
    "Step",
    "Verdict",
    "View",
    "ViewColumn",
    "apply",
    "compile_doors",
    "naming",
    "plan",
    "prove",
]
