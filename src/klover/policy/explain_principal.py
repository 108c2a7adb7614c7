"""What one principal sees and why, in one screen of words or as JSON.

At most ``LINES`` lines of ``WIDTH`` columns: what was asked, then a line or two for each audience,
those that let in first. What does not fit is counted; the JSON has all of it.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from klover.catalog import TableName
from klover.policy.decide import Principal, Refusal
from klover.policy.locate import Location
from klover.policy.look import Look, Seen
from klover.policy.model import Policy
from klover.policy.resolved import Resolved

LINES, WIDTH = 24, 100
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks, from where, why, when, and about what."""

    policy: Policy
    principal: Principal
    location: Location
    purpose: str | None
    reference: str | None
    at: datetime
    resolved: Resolved | None = None
    table: TableName | None = None
    column: str | None = None


def as_lines(asked: Asked, looks: Sequence[Look]) -> list[str]:
    """Tell it in words; at most ``LINES`` lines, none longer than ``WIDTH``."""
    lines = [*_head(asked), ""]
    width = max((len(each.candidate.audience.name) for each in looks), default=0)
    left = LINES - len(lines)
    told: list[list[str]] = [_audience(each, min(width, 30)) for each in looks]
    room = left if sum(map(len, told)) <= left else left - 1
    shown = 0
    for block in told:
        if len(block) > room:
            break
        lines += block
        room -= len(block)
        shown += 1
    if shown < len(told):
        lines.append(f"… and {len(told) - shown} more audiences; --json tells of all.")
    return [_cut(line) for line in lines]


def _head(asked: Asked) -> list[str]:
    who = ", ".join(sorted(asked.principal.groups)) or "no group"
    claims = [
        f"{name}={value}"
        for name, values in sorted(asked.principal.claims.items())
        for value in sorted(values)
    ]
    when = f"{asked.at.astimezone(UTC):%a %Y-%m-%d %H:%M}"
    lines = [
        f"who          groups {who}" + (f"; claims {', '.join(claims)}" if claims else ""),
        f"where        {'; '.join(asked.location.evidence)}",
        f"why          purpose {asked.purpose or 'none'}, reference {asked.reference or 'none'}",
        f"when         {when} UTC, by the country data of {_edition(asked.policy)}",
    ]
    if asked.resolved is None or asked.table is None:
        return lines
    traced = asked.resolved.tables[asked.table]
    if asked.column is None:
        return [*lines, f"table        {asked.table} (line {traced.rule.line})"]
    rule = traced.columns[asked.column]
    by = f" by the pattern {rule.by!r}" if rule.by is not None else ""
    declared = f"declared{by}" if rule.declared else "which nobody classified"
    stated = "stated" if rule.identifies_stated else "by its type and keys"
    where = f"{asked.table}.{asked.column} (line {rule.line or traced.rule.line})"
    return [
        *lines,
        f"column       {where}: {rule.data_class}, {declared};",
        f"             identifies {rule.identifies}, {stated}",
    ]


def _edition(policy: Policy) -> str:
    """Tell the edition of the country data; of a digest its beginning."""
    edition, _, digest = policy.countries.edition.partition("+sha256:")
    return f"{edition}+sha256:{digest[:12]}…" if digest else edition


def _audience(each: Look, width: int) -> list[str]:
    name = f"{each.candidate.audience.name:<{width}}"
    if each.enters == "no":
        refused = each.candidate.refused
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        return _wrapped(f"{name}  no        ", _reason(refused[0], more))
    permit = each.candidate.permit
    until = f"until {permit.expires_at.astimezone(UTC):%a %H:%M} UTC" if permit else ""
    needs = " and ".join(_reason(one) for one in each.candidate.needs)
    block = _wrapped(f"{name}  {each.enters:<8}  ", needs or until)
    if each.seen is not None:
        for word, text in _told(each.seen):
            block += _wrapped(f"{'':<{width}}  {word:<8}  ", text)
    return block


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,  # names have them
    )


def _told(seen: Seen) -> list[tuple[str, str]]:
    rows = ("rows", (f"line {seen.rows_line}: " if seen.rows_line else "") + seen.rows_because)
    if seen.column is None:
        return [("columns", ", ".join(f"{count} {show}" for show, count in seen.counts)), rows]
    lines = ", ".join(map(str, seen.lines))
    where = f"line{'s' if len(seen.lines) > 1 else ''} {lines}: " if lines else ""
    return [(seen.column.show, where + seen.column.reason), rows]


def _reason(refusal: Refusal, more: str = "") -> str:
    return (f"line {refusal.line}{more}: " if refusal.line else "") + refusal.reason


def _cut(line: str) -> str:
    return line.rstrip() if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def as_json(asked: Asked, looks: Sequence[Look]) -> Json:
    """Tell all of it as one JSON object."""
    body: Json = {
        "principal": {
            "groups": sorted(asked.principal.groups),
            "claims": {name: sorted(held) for name, held in asked.principal.claims.items()},
            "known": asked.location.known,
            "countries": sorted(asked.location.countries),
            "evidence": list(asked.location.evidence),
            "purpose": asked.purpose,
            "reference": asked.reference,
            "at": asked.at.astimezone(UTC).isoformat(),
        },
        "policy": {"file": asked.policy.file, "digest": asked.policy.digest},
        "countries_edition": asked.policy.countries.edition,
    }
    if asked.resolved is not None and asked.table is not None:
        body["subject"] = _subject(asked.resolved, asked.table, asked.column)
    body["audiences"] = [_audience_json(each) for each in looks]
    return body


def _subject(resolved: Resolved, table: TableName, column: str | None) -> Json:
    traced = resolved.tables[table]
    body: Json = {"table": str(table), "line": traced.rule.line}
    if column is not None:
        rule = traced.columns[column]
        body |= {
            "column": column,
            "line": rule.line or traced.rule.line,
            "class": rule.data_class,
            "declared": rule.declared,
            "pattern": rule.by,
            "identifies": rule.identifies,
            "identifies_stated": rule.identifies_stated,
            "coarsen": str(rule.coarsen) if rule.coarsen is not None else None,
            "coarse_of": list(rule.coarse_of),
            "category": rule.category,
        }
    return body


def _audience_json(each: Look) -> Json:
    candidate, permit = each.candidate, each.candidate.permit
    return {
        "audience": candidate.audience.name,
        "line": candidate.audience.line,
        "enters": each.enters,
        "refused": [{"reason": one.reason, "line": one.line} for one in candidate.refused],
        "needs": [{"reason": one.reason, "line": one.line} for one in candidate.needs],
        "until": permit.expires_at.astimezone(UTC).isoformat() if permit is not None else None,
        "ends": permit.ends if permit is not None else None,
        "seen": seen_json(each.seen) if each.seen is not None else None,
    }


def seen_json(seen: Seen) -> Json:
    """Tell what an audience is shown as JSON."""
    column = seen.column
    return {
        "rows": seen.rows,
        "rows_because": seen.rows_because,
        "rows_line": seen.rows_line,
        "columns": {str(show): count for show, count in seen.counts},
        "column": None
        if column is None
        else {
            "shown": column.show,
            "reason": column.reason,
            "lines": list(seen.lines),
            "pseudonym_of": [str(named.entity) for named in column.names],
            "coarsen": str(column.coarsen) if column.coarsen is not None else None,
            "parts": {".".join(part.path): part.shown for part in column.parts},
        },
    }
