"""What is wrong, unwise or merely worth knowing about a policy, as a list of findings.

An error must not be deployed, a warning wants somebody's eyes, a note is for the record. Every
finding has the line, a sentence, and what mends it. Each ``check_*`` looks at one thing: some at
the text alone, some at the policy held against a catalog; a policy that does not fit its catalog
gets the faults that ``trace`` found as errors.
"""

from collections.abc import Iterable
from datetime import date

from klover.catalog import Catalog
from klover.errors import PolicyError
from klover.policy.check.categories import check_categories
from klover.policy.check.defaults import check_defaults
from klover.policy.check.entry import check_entry
from klover.policy.check.homes import check_home_columns, check_homes
from klover.policy.check.names import check_names
from klover.policy.check.never import check_nevers, check_nevers_shown
from klover.policy.check.quiet import check_quiet
from klover.policy.check.references import check_references
from klover.policy.check.sights import check_sights
from klover.policy.check.signing import check_signing
from klover.policy.check.stubs import check_stubs
from klover.policy.check.tables import check_tables
from klover.policy.check.text import check_casts, check_text
from klover.policy.check.views import check_views
from klover.policy.faults import PolicyErrors
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy
from klover.policy.resolved import Resolved
from klover.policy.trace import trace

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def check(policy: Policy, catalog: Catalog | None, on: date) -> list[Finding]:
    """List what is to be said of ``policy`` on a day; without a catalog only of its text."""
    if catalog is None:
        return _ordered(_alone(policy, on) + check_casts(policy))
    try:
        resolved = trace(policy, catalog)
    except PolicyError as error:
        return _ordered(_alone(policy, on) + faults(error))
    return check_resolved(resolved, on)


def check_resolved(resolved: Resolved, on: date) -> list[Finding]:
    """List what is to be said of a policy that fits its catalog."""
    found = _alone(resolved.policy, on)
    found += check_tables(resolved) + check_stubs(resolved) + check_home_columns(resolved)
    found += check_references(resolved) + check_names(resolved) + check_quiet(resolved)
    found += check_views(resolved) + check_defaults(resolved)
    found += check_nevers_shown(resolved, on) + check_sights(resolved)
    return _ordered(found)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """Tell those that must not be deployed: no door is made by a policy that has one."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _alone(policy: Policy, on: date) -> list[Finding]:
    found = check_text(policy, on) + check_homes(policy, on)
    found += check_entry(policy, on) + check_nevers(policy, on)
    return found + check_categories(policy) + list(check_signing(policy))


def _ordered(found: list[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (_ORDER.index(finding.severity), finding.line))


def faults(*found: PolicyError) -> list[Finding]:
    """Tell the faults of a policy that cannot be read or does not fit as findings."""
    errors = [
        one
        for error in found
        for one in (error.errors if isinstance(error, PolicyErrors) else (error,))
    ]
    return [
        Finding(
            severity=Severity.ERROR,
            file=one.file,
            line=one.line,
            message=one.message,
            mend="The rest is checked once this holds.",
        )
        for one in errors
    ]
