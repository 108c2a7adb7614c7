"""Findings on homes, networks and groups of countries.

Evidence that tells nothing, ranges that contradict each other, groups that hold nobody, and how the
country data was corrected.
"""

from datetime import date

from klover.catalog import Column
from klover.policy.check.say import finding
from klover.policy.countries import BUILT_IN
from klover.policy.country import is_group, members
from klover.policy.finding import Finding, Severity
from klover.policy.model import EvidenceKind, Network, Policy, Region
from klover.policy.neutral import bare_type
from klover.policy.ranges import lies_in
from klover.policy.resolved import Resolved, TracedEvidence

_TEXTS = frozenset({"text", "character varying", "character", "bpchar", "name", "citext"})
_ADDRESSES = frozenset({"inet", "cidr"})


def check_homes(policy: Policy, on: date) -> list[Finding]:
    """List the findings on the policy's text."""
    found = _evidence(policy) + _corrections(policy) + _empty_groups(policy, on)
    ordered = sorted(policy.networks, key=lambda network: network.range.prefixlen)
    for number, inner in enumerate(ordered):
        around = [outer for outer in ordered[:number] if lies_in(inner.range, outer.range)]
        if around:
            found += _contradiction(policy, around[-1], inner, on)
    return found


def check_home_columns(resolved: Resolved) -> list[Finding]:
    """List evidence whose column cannot hold what its kind reads."""
    found = []
    for evidence in resolved.home:
        table = evidence.lineage[-1].target if evidence.lineage else resolved.policy.subjects.table
        column = resolved.catalog.tables[table].column(evidence.column)
        if column is None or _readable(evidence, column):
            continue
        found.append(
            finding(
                resolved.policy,
                severity=Severity.ERROR,
                line=evidence.line,
                message=f"{table}.{column.name} is {column.type}, which holds no "
                f"{evidence.kind.words}: it tells nobody's home.",
                mend="Name a column that does, or another kind of evidence.",
            )
        )
    return found


def _evidence(policy: Policy) -> list[Finding]:
    subjects = policy.subjects
    if not subjects.home:
        return [
            finding(
                policy,
                severity=Severity.NOTE,
                line=subjects.line,
                message="Nothing tells where people live, so everybody counts as inside.",
                mend="Name what tells it under `home:`, if anything does.",
            )
        ]
    return [
        finding(
            policy,
            severity=Severity.NOTE,
            line=evidence.path.line,
            message="Homes are read from network addresses, which needs a table of addresses.",
            mend='Name it in klover.toml: `[homes] ip_countries = "….mmdb"`.',
        )
        for evidence in subjects.home
        if evidence.kind is EvidenceKind.IP
    ]


def _corrections(policy: Policy) -> list[Finding]:
    """Tell that the policy's own file corrects the country data."""
    own = set(policy.countries.memberships) - set(BUILT_IN.memberships)
    gone = set(BUILT_IN.memberships) - set(policy.countries.memberships)
    if not own:
        return []
    groups = ", ".join(sorted({row.group for row in own}))
    return [
        finding(
            policy,
            severity=Severity.NOTE,
            line=policy.countries_line,
            message=f"A file of the policy's own corrects the country data: {len(own)} memberships "
            f"in {groups}, in place of {len(gone)}.",
            mend="See that each still has its source.",
        )
    ]


def _empty_groups(policy: Policy, on: date) -> list[Finding]:
    """Ask about groups that hold no country: none that is in force, or conditional ones only."""
    regions = [
        policy.rests_in,
        policy.subjects.inside,
        *(audience.located for audience in policy.audiences.values()),
        *(network.where for network in policy.networks),
        *(never.located for never in policy.nevers),
    ]
    return [
        finding(
            policy,
            severity=Severity.WARNING,
            line=region.line,
            message=f"The group {name} holds no country on {on}.",
            mend="See its memberships: their days, and that they have no condition.",
        )
        for region in regions
        for name in region.names
        if is_group(name, policy.countries)
        and not members(Region(names=(name,)), on, policy.countries)
    ]


def _readable(evidence: TracedEvidence, column: Column) -> bool:
    plain = bare_type(column.base_type)
    if column.base_type.endswith("[]"):
        return False
    if evidence.kind is EvidenceKind.IP and plain in _ADDRESSES:
        return True
    if column.type_kind == "e":
        return evidence.kind not in {EvidenceKind.IP, EvidenceKind.PHONE}
    return plain in _TEXTS


def _contradiction(policy: Policy, outer: Network, inner: Network, on: date) -> list[Finding]:
    """Ask about a range that lies in another one and in another country."""
    there, here = (members(network.where, on, policy.countries) for network in (outer, inner))
    if here == there:
        return []
    rests_in = members(policy.rests_in, on, policy.countries)
    crosses = (here <= rests_in) != (there <= rests_in)
    return [
        finding(
            policy,
            severity=Severity.WARNING if crosses else Severity.NOTE,
            line=inner.line,
            message=f"Network {inner.range} lies in {outer.range} but in another country"
            + (", and only one of the two is where data may rest." if crosses else "."),
            mend="The narrower one counts; see that it is meant so.",
        )
    ]
