"""Findings of a policy's check as a command prints them, and what an error of one stops.

``klover policy check`` shows all. Whatever makes or opens doors shows the errors and ends there:
an audience would be promised or shown what the same policy rules out.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from klover.cli.printing import console, print_json
from klover.errors import CheckFailed
from klover.policy.finding import Finding, Severity
from klover.policy.resolved import Resolved

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def show_findings(findings: Sequence[Finding]) -> None:
    """Print findings, a line each."""
    from rich.markup import escape

    screen = console(markup=True)
    for finding in findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        colour = _COLOURS[finding.severity]
        mend = f" {finding.mend}" if finding.mend else ""
        screen.print(
            f"{escape(where)}: [{colour}]{finding.severity}[/]: {escape(finding.message + mend)}"
        )


def show_findings_json(findings: Sequence[Finding], file: str) -> None:
    """Print findings as one JSON document."""
    body = {
        "file": file,
        "ok": all(finding.severity is not Severity.ERROR for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }
    print_json(body)


def count_errors(errors: Sequence[Finding]) -> str:
    """Tell how many there are: ``2 errors``."""
    return f"{len(errors)} error{'s' if len(errors) > 1 else ''}"


def policy_errors(resolved: Resolved) -> list[Finding]:
    """Tell what forbids to deploy a policy today."""
    from klover.policy.check import check_resolved, errors

    return errors(check_resolved(resolved, datetime.now(UTC).date()))


def expect_sound(resolved: Resolved, *, as_json: bool) -> None:
    """Raise CheckFailed where the check of a policy finds errors, and print them before."""
    found = policy_errors(resolved)
    if not found:
        return
    if as_json:
        show_findings_json(found, resolved.policy.file)
    else:
        show_findings(found)
    raise CheckFailed(
        f"The doors were not changed: the policy {resolved.policy.file} has "
        f"{count_errors(found)}, listed above. Mend it, look with `klover policy check`, and run "
        "this again."
    )
