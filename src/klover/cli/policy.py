"""``klover policy check``: what is wrong with a policy, and how to mend it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from klover.catalog import Catalog
from klover.cli.findings import count_errors, show_findings, show_findings_json
from klover.cli.options import AsJson, PolicyDsn, PolicyFile
from klover.errors import CheckFailed, PolicyError
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy


def check_policy(file: PolicyFile, dsn: PolicyDsn = None, as_json: AsJson = False) -> None:
    """Tell what is wrong with a policy, and how to mend it.

    With --dsn also whether it fits the database. Ends with 2 when the policy cannot be read or does
    not fit, with 1 when a check fails.
    """
    from klover.policy.check import check, errors, faults

    findings: list[Finding] = []
    wrong: PolicyError | None = None
    try:
        policy = _read(file)
        catalog = _catalog(dsn) if dsn is not None else None
        findings = check(policy, catalog, datetime.now(UTC).date())
        if dsn is not None and catalog is not None:
            from klover.assemble import refused_conditions
            from klover.policy.trace import trace

            refused = refused_conditions(dsn, trace(policy, catalog))
            findings = [*faults(*refused), *findings]
            wrong = next(iter(refused), None)
    except PolicyError as error:
        wrong = error
        findings = findings or faults(error)
    _tell(findings, file, as_json=as_json)
    wrongs = errors(findings)
    if wrong is not None:
        if not as_json:
            typer.echo(f"The policy {file} cannot be used: {count_errors(wrongs)}.", err=True)
        raise typer.Exit(wrong.exit_code)
    if wrongs:
        raise CheckFailed(f"The policy {file} has {count_errors(wrongs)}; see above.")


def _read(file: Path) -> Policy:
    from klover.assemble import read_policy

    return read_policy(file)


def _catalog(dsn: str) -> Catalog:
    from klover.assemble import read_live_catalog

    return read_live_catalog(dsn, what="the database")


def _tell(findings: Sequence[Finding], file: Path, *, as_json: bool) -> None:
    if as_json:
        show_findings_json(findings, str(file))
        return
    show_findings(findings)
    if all(finding.severity is not Severity.ERROR for finding in findings):
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        typer.echo(f"{file} holds; {count} to look at.")
