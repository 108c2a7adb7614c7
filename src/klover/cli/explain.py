"""``klover policy explain``: what an audience, or one principal, sees of a column, and why."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from klover.catalog import TableName
from klover.cli.login import read_claims
from klover.cli.options import AsJson, PolicyDsn, PolicyFile
from klover.cli.printing import print_json
from klover.errors import InputError
from klover.policy.decide import Principal, candidates
from klover.policy.explain_principal import Asked, as_json as told, as_lines
from klover.policy.locate import locate
from klover.policy.look import Look, look
from klover.policy.model import Audience, Policy
from klover.policy.path import read_target
from klover.policy.reading import nearest
from klover.policy.resolved import Resolved

Text = str | None
_TOKEN = timedelta(hours=24)
"""The longest life of a token: nobody is let in for longer."""


def explain_policy(
    file: PolicyFile,
    what: Annotated[
        Text, typer.Argument(metavar="[TABLE[.COLUMN]]", help="A table, or one column of it.")
    ] = None,
    audience: Annotated[Text, typer.Option(help="The audience that looks.")] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A group of whoever looks; may be repeated."),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A claim of the token; may be repeated."),
    ] = None,
    country: Annotated[Text, typer.Option(help="Where the issuer says they are.")] = None,
    address: Annotated[Text, typer.Option(help="Their network address.")] = None,
    purpose: Annotated[Text, typer.Option(help="The purpose they give.")] = None,
    reference: Annotated[Text, typer.Option(help="The reference they give.")] = None,
    at: Annotated[
        Text, typer.Option(metavar="TIME", help="When, such as 2026-11-27T08:00Z; now otherwise.")
    ] = None,
    dsn: PolicyDsn = None,
    as_json: AsJson = False,
) -> None:
    """Tell what an audience or a person sees of a table, and why.

    With --audience for that audience; with --group and the like for whoever has them.
    """
    from klover.assemble import read_policy

    policy = read_policy(file)
    one = _audience(policy, audience)
    about = _about(policy, what, dsn)
    if not group:
        if one is None:
            known = ", ".join(policy.audiences)
            raise InputError(
                f"Say who looks: --audience, one of {known}; or --group and what goes with it."
            )
        if any(each is not None for each in (claim, country, address, purpose, reference, at)):
            raise InputError("These are of somebody in a group; name one with --group.")
        _explain_audience(policy, one, about, as_json=as_json)
        return
    now = _time(at)
    resolved, table, column = about
    asked = Asked(
        policy=policy,
        principal=_principal(group, claim or (), now),
        location=locate(policy, country, address or "", simulated=False, on=now.date()),
        purpose=purpose,
        reference=reference,
        at=now,
        resolved=resolved,
        table=table,
        column=column,
    )
    looks = _looks(asked, one)
    if as_json:
        print_json(told(asked, looks))
    else:
        typer.echo("\n".join(as_lines(asked, looks)))


def _audience(policy: Policy, name: str | None) -> Audience | None:
    if name is not None and name not in policy.audiences:
        raise InputError(f"The policy has no audience {name!r}{nearest(name, policy.audiences)}")
    return policy.audiences[name] if name is not None else None


def _principal(groups: Sequence[str], claims: Sequence[str], now: datetime) -> Principal:
    """Make somebody whose token was issued a moment ago."""
    return Principal(
        subject="",
        issuer="",
        groups=frozenset(groups),
        expires=now + _TOKEN,
        claims={name: frozenset(held) for name, held in read_claims(claims).items()},
    )


def _looks(asked: Asked, only: Audience | None) -> Sequence[Look]:
    """Tell for each audience, or one, whether it lets them in and what it shows."""
    found = candidates(
        asked.policy,
        principal=asked.principal,
        location=asked.location,
        now=asked.at,
        purpose=asked.purpose,
        reference=asked.reference,
    )
    wanted = [each for each in found if only is None or each.audience is only]
    return look(wanted, asked.resolved, asked.table, asked.column)


_About = tuple[Resolved | None, TableName | None, str | None]


def _about(policy: Policy, what: str | None, dsn: str | None) -> _About:
    """Find what is asked about, in the database."""
    if what is None:
        return None, None, None
    if dsn is None:
        raise InputError("To explain a table, say which database it is in with --dsn.")
    from klover.assemble import read_live_catalog
    from klover.policy.trace import trace

    resolved = trace(policy, read_live_catalog(dsn, what="the database"))
    return resolved, *_find(what, resolved)


def _explain_audience(policy: Policy, who: Audience, about: _About, *, as_json: bool) -> None:
    from klover.policy.explain import explain_audience, explain_column, explain_table
    from klover.policy.explain_principal import seen_json
    from klover.policy.look import seen_by

    lines = explain_audience(policy, who)
    body: dict[str, object] = {"audience": who.name, "line": who.line}
    resolved, table, column = about
    if resolved is not None and table is not None:
        more = (
            explain_table(resolved, who, table)
            if column is None
            else explain_column(resolved, who, table, column)
        )
        lines = [*more, *lines[:1], *lines[2:5]]
        body |= {"table": str(table), "seen": seen_json(seen_by(resolved, who, table, column))}
    if as_json:
        print_json({**body, "lines": lines})
    else:
        typer.echo("\n".join(lines))


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("--at has to be a time such as 2026-11-27T08:00Z.") from None
    if found.tzinfo is None:
        raise InputError("--at needs a zone: 2026-11-27T08:00Z, or +01:00 at its end.")
    return found


def _find(what: str, resolved: Resolved) -> tuple[TableName, str | None]:
    """Find the table, or table and column, that ``what`` names."""
    whole = TableName.parse(what)
    if whole in resolved.tables:
        return whole, None
    target = read_target(what)
    table, (column, *_) = target if target is not None else (TableName.parse(what), ("",))
    if table not in resolved.tables:
        known = [str(name) for name in resolved.tables]
        raise InputError(f"There is no table {table}{nearest(str(table), known)}")
    columns = resolved.tables[table].columns
    if column not in columns:
        raise InputError(f"Table {table} has no column {column!r}{nearest(column, columns)}")
    return table, column
