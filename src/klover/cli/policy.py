"""``klover policy``: check a policy, explain what it shows, suggest a first one."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from klover.catalog import Catalog, TableName
from klover.cli import policy_change
from klover.cli.homes import policy_homes
from klover.cli.suggest import suggest_policy
from klover.errors import CheckFailed, InputError, PolicyError
from klover.policy.finding import Finding, Severity
from klover.policy.model import Policy
from klover.policy.reading import nearest
from klover.policy.resolved import Resolved

app = typer.Typer(help="Check, explain and suggest a policy.", no_args_is_help=True)
app.command("homes")(policy_homes)
app.command("suggest")(suggest_policy)
policy_change.register(app)

File = Annotated[Path, typer.Argument(help="The policy, usually klover.yaml.")]
Dsn = Annotated[
    str | None, typer.Option("--dsn", help="The database whose tables the policy is about.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


@app.command("check")
def check_policy(file: File, dsn: Dsn = None, as_json: Json = False) -> None:
    """Tell what is wrong with a policy; with --dsn also whether it fits the database.

    Ends with 2 when the policy cannot be read or does not fit, with 1 when a check fails.
    """
    from klover.policy.check import check, faults

    findings: list[Finding] = []
    wrong: PolicyError | None = None
    try:
        policy = _read(file)
        catalog = _catalog(dsn) if dsn is not None else None
        findings = check(policy, catalog, datetime.now(UTC).date())
        if catalog is not None:
            from klover.policy.trace import trace

            trace(policy, catalog)
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


@app.command("explain")
def explain_policy(
    file: File,
    what: Annotated[
        str | None, typer.Argument(metavar="[TABLE[.COLUMN]]", help="A table, or one column of it.")
    ] = None,
    audience: Annotated[str, typer.Option("--audience", help="Who looks.")] = "",
    dsn: Dsn = None,
    as_json: Json = False,
) -> None:
    """Tell what an audience sees of a table or a column, and why."""
    from klover.policy.explain import explain_audience, explain_column, explain_table

    policy = _read(file)
    who = policy.audiences.get(audience)
    if who is None:
        raise InputError(
            f"The policy has no audience {audience!r}{nearest(audience, policy.audiences)}"
        )
    lines = explain_audience(policy, who)
    if what is not None:
        if dsn is None:
            raise InputError("To explain a table, say which database it is in with --dsn.")
        from klover.policy.trace import trace

        resolved = trace(policy, _catalog(dsn))
        table, column = _find(what, resolved)
        more = (
            explain_table(resolved, who, table)
            if column is None
            else explain_column(resolved, who, table, column)
        )
        lines = [*more, *lines[:1], *lines[2:5]]
    _print(lines, as_json=as_json)


def _read(file: Path) -> Policy:
    from klover.assemble import read_policy

    return read_policy(file)


def _catalog(dsn: str) -> Catalog:
    from klover.assemble import read_live_catalog

    return read_live_catalog(dsn, what="the database")


def _find(what: str, resolved: Resolved) -> tuple[TableName, str | None]:
    """Find the table, or table and column, that ``what`` names."""
    whole = TableName.parse(what)
    if whole in resolved.tables:
        return whole, None
    text, _, column = what.rpartition(".")
    table = TableName.parse(text or what)
    if table not in resolved.tables:
        known = [str(name) for name in resolved.tables]
        raise InputError(f"There is no table {table}{nearest(str(table), known)}")
    columns = resolved.tables[table].columns
    if column not in columns:
        raise InputError(f"Table {table} has no column {column!r}{nearest(column, columns)}")
    return table, column


def _tell(findings: Sequence[Finding], file: Path, *, as_json: bool) -> None:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        body = {
            "file": str(file),
            "ok": errors == 0,
            "findings": [asdict(finding) for finding in findings],
        }
        typer.echo(json.dumps(body, indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        where = f"{finding.file}:{finding.line}" if finding.line else finding.file
        colour = _COLOURS[finding.severity]
        mend = f" {finding.mend}" if finding.mend else ""
        console.print(
            f"{escape(where)}: [{colour}]{finding.severity}[/]: {escape(finding.message + mend)}"
        )
    if not errors:
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        console.print(f"{escape(str(file))} holds; {count} to look at.")


def _print(lines: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"lines": list(lines)}, indent=2))
    else:
        typer.echo("\n".join(lines))
