"""``klover policy``: suggest a first policy, check one, explain what it shows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.markup import escape

from klover.catalog import Catalog
from klover.cli import policy_change
from klover.cli.explain import explain_policy
from klover.cli.homes import policy_homes
from klover.cli.options import AsJson, PolicyDsn, PolicyFile
from klover.cli.printing import console, print_json
from klover.cli.suggest import suggest_policy
from klover.errors import CheckFailed, PolicyError
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy

app = typer.Typer(help="Write, check, explain, compare and sign policies.", no_args_is_help=True)

_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def check_policy(file: PolicyFile, dsn: PolicyDsn = None, as_json: AsJson = False) -> None:
    """Tell what is wrong with a policy, and how to mend it.

    With --dsn also whether it fits the database. Ends with 2 when the policy cannot be read or does
    not fit, with 1 when a check fails.
    """
    from klover.policy.check import check, faults

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
    if wrong is not None:
        raise typer.Exit(wrong.exit_code)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
        raise CheckFailed(f"The policy {file} has {count}; see above.")


app.command("suggest")(suggest_policy)
app.command("check")(check_policy)
app.command("explain")(explain_policy)
app.command("homes")(policy_homes)
policy_change.register(app)


def _read(file: Path) -> Policy:
    from klover.assemble import read_policy

    return read_policy(file)


def _catalog(dsn: str) -> Catalog:
    from klover.assemble import read_live_catalog

    return read_live_catalog(dsn, what="the database")


def _tell(findings: Sequence[Finding], file: Path, *, as_json: bool) -> None:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        body = {
            "file": str(file),
            "ok": errors == 0,
            "findings": [asdict(finding) for finding in findings],
        }
        print_json(body)
        return
    screen = console(markup=True)
    for finding in findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        colour = _COLOURS[finding.severity]
        mend = f" {finding.mend}" if finding.mend else ""
        screen.print(
            f"{escape(where)}: [{colour}]{finding.severity}[/]: {escape(finding.message + mend)}"
        )
    if not errors:
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        screen.print(f"{escape(str(file))} holds; {count} to look at.")
