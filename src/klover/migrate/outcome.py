"""What came of a migration so far, as one value; the summary and ``status`` print it."""

from dataclasses import dataclass, fields
from typing import Any

from klover.migrate.phase import Phase
from klover.migrate.plan import Json, Plan
from klover.migrate.state import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a migration stands and what came of it so far; numbers are 0 before their step."""

    run: str
    phase: Phase
    plan: Plan | None
    rows_moved: int = 0
    rows_equal: int = 0
    rows_different: int = 0
    rows_erased: int = 0
    rows_reduced: int = 0
    """Rows of which a stub stays at the source with something taken away."""
    sequences: int = 0
    digest: str = ""
    """SHA-256 over the compared rows; the same for the same rows, however often interrupted."""
    values_sought: int = 0
    values_shared: int = 0
    """Restricted values not looked for because rows outside hold them too."""
    sought_one_in: int = 1
    found_before: int = 0
    restricted_left: int | None = None
    """None until the source was scanned after the erasure."""

    def to_json(self) -> Json:
        """Tell the outcome as a JSON object."""
        body: Json = {field.name: getattr(self, field.name) for field in fields(self)}
        plan = None if self.plan is None else self.plan.to_json()
        return {**body, "phase": self.phase.value, "plan": plan}


def outcome_of(standing: Standing) -> Outcome:
    """Read the outcome from the durable state."""
    known = {field.name for field in fields(Outcome)} - {"run", "phase", "plan"}
    told: dict[str, Any] = {k: v for k, v in standing.outcome.items() if k in known}
    return Outcome(run=standing.run, phase=standing.phase, plan=standing.plan, **told)
