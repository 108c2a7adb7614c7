"""Findings on who may change the policy: two people who may be one, no time to object."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from klover.policy.check.say import finding, warning
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy
from klover.policy.span import span_text

_SHORT = timedelta(hours=24)
"""Within less somebody may be asleep or away."""


def check_signing(policy: Policy) -> Iterator[Finding]:
    """List the findings on ``signing``."""
    rules = policy.signing
    if rules is None:
        return
    if rules.delay < _SHORT:
        yield warning(
            policy,
            rules.line,
            f"What loosens takes effect {span_text(rules.delay)} after it is handed in; the "
            "overseer has no longer to see it and object.",
            "Make `delay` a day or more.",
        )
    for one, other in combinations(rules.signers.values(), 2):
        if one.key.name == other.key.name:
            yield warning(
                policy,
                other.line,
                f"The keys of signers {one.name} and {other.name} are of one name "
                f"({other.key.name}): two people, or one of them twice?",
                "Have each make a key of their own (`klover policy keygen`).",
            )
    if rules.need == len(rules.signers):
        yield finding(
            policy,
            severity=Severity.NOTE,
            line=rules.line,
            message=f"A loosening needs all {rules.need} signers, a change of signers too: nothing "
            "of it is possible once one has lost the key.",
            mend="Name one more signer than are needed.",
        )
