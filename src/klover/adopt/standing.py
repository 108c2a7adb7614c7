"""What stands now: the history read, held against the pin, replayed and checked.

Two clocks are asked, ours and the server's. What waits is in effect only when both say so, and
what is handed in is dated by the later one: turning one clock shortens no delay.
"""

from datetime import datetime
from pathlib import Path

from klover.adopt import keep, pin
from klover.errors import CheckFailed
from klover.policy.change import Standing, Version
from klover.policy.change_take import replay
from klover.policy.model import Policy
from klover.policy.statement import Meaning
from klover.store.connect import Connection


def read_standing(connection: Connection, pinned: Path, now: datetime) -> Standing | None:
    """Tell what stands; None where no policy was ever put into effect by signatures.

    Raises VerifyError where the history does not hold; nothing may open then.
    """
    entries = keep.read(connection)
    pin.check(pinned, entries)
    if not entries:
        return None
    standing = replay(entries, min(now, keep.clock(connection)))
    pin.move(pinned, standing.head)
    return standing


def held(policy: Policy, standing: Standing | None) -> Version | None:
    """Hold the deployment's policy file against what is in effect; tell the version it is.

    None where nobody signs: the file alone counts, as in a trial. Raises CheckFailed where the
    file is another than the policy in effect.
    """
    if standing is None or standing.in_effect is None:
        if policy.signing is None:
            return None
        raise CheckFailed(
            f"The policy {policy.file} has `signing:` but was never put into effect: sign it with "
            "`klover policy sign`, then hand it in with `klover policy propose`."
        )
    version = standing.in_effect
    if version.policy.digest == policy.digest:
        return version
    pending = standing.pending
    if pending is not None and pending.policy.digest == policy.digest:
        raise CheckFailed(
            f"The policy {policy.file} is not in effect before "
            f"{pending.effective_at.isoformat(timespec='minutes')}. Until then put the one in "
            "effect in its place: `klover policy current -o FILE`."
        )
    raise CheckFailed(
        f"The policy {policy.file} is not the one in effect ({version.policy.digest[:16]}). Hand "
        "it in with `klover policy propose`, or put the one in effect in its place: `klover "
        "policy current -o FILE`."
    )


def outdated(version: Version | None, digest: str, standing: Standing | None) -> bool:
    """Tell whether whoever works by ``digest`` has to stop: something since then tightened.

    What came into effect since and only loosened may wait for the next start.
    """
    if standing is None or standing.in_effect is None:
        return version is not None
    if standing.in_effect.policy.digest == digest:
        return False
    own = version.point.number if version is not None else 0
    return any(
        one.point.number > own and one.was_in_effect and one.meaning is not Meaning.LOOSENS
        for one in standing.versions
    )
