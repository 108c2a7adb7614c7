"""What is wrong, unwise or merely worth knowing about a policy, as a list of findings.

An error must not be deployed, a warning wants somebody's eyes, a note is for the record. Every
finding has the line, a sentence, and what mends it. Each ``check_*`` looks at one thing: some at
the text alone, some at the policy held against a catalog; a policy that does not fit its catalog
gets the faults that ``trace`` found as errors.
"""

from datetime import date

from klover.catalog import Catalog
from klover.errors import PolicyError
from klover.policy.check_categories import check_categories
from klover.policy.check_defaults import check_defaults
from klover.policy.check_entry import check_entry
from klover.policy.check_homes import check_home_columns, check_homes
from klover.policy.check_never import check_nevers, check_nevers_shown
from klover.policy.check_quiet import check_quiet
from klover.policy.check_references import check_references
from klover.policy.check_sights import check_sights
from klover.policy.check_stubs import check_stubs
from klover.policy.check_tables import check_tables
from klover.policy.check_text import check_text
from klover.policy.check_views import check_views
from klover.policy.faults import PolicyErrors
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy
from klover.policy.trace import trace

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def check(policy: Policy, catalog: Catalog | None, on: date) -> list[Finding]:
    """List what is to be said of ``policy`` on a day; without a catalog only of its text."""
    found = check_text(policy, on) + check_homes(policy, on)
    found += check_entry(policy, on) + check_nevers(policy, on)
    found += check_categories(policy)
    if catalog is not None:
        try:
            resolved = trace(policy, catalog)
        except PolicyError as error:
            found += faults(error)
        else:
            found += check_tables(resolved) + check_stubs(resolved)
            found += check_home_columns(resolved)
            found += check_references(resolved) + check_quiet(resolved)
            found += check_views(resolved)
            found += check_defaults(resolved)
            found += check_nevers_shown(resolved, on) + check_sights(resolved)
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
