"""What decides where people live, told for people: for ``policy homes`` and ``migrate plan``."""

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from klover.cli.bars import bars
from klover.cli.options import AsJson, PolicyFile
from klover.cli.printing import print_json
from klover.migrate.plan import Homes, OddName
from klover.policy.country import name
from klover.policy.model import EvidenceKind

_FEW = 8
"""Countries that are named for each piece of evidence."""


def policy_homes(
    file: PolicyFile,
    dsn: Annotated[
        str,
        typer.Option("--dsn", envvar="KLOVER_DSN", help="The database whose people are counted."),
    ],
    ip_countries: Annotated[
        Path | None,
        typer.Option("--ip-countries", help="A table of network addresses (.mmdb)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell how many people each piece of evidence for a home decides. Changes nothing."""
    from klover.assemble import count_homes

    with bars() as progress:
        homes = count_homes(file, dsn, ip_countries, progress)
    if as_json:
        print_json(asdict(homes))
    else:
        typer.echo("\n".join(homes_text(homes)))


def homes_text(homes: Homes) -> list[str]:
    """Tell who is inside, what decided it, and what nobody recognised."""
    who = (
        f"{homes.inside} people are inside ({homes.undecided} of them because nobody knows their "
        f"home: {homes.without_home} have none, {homes.unrecognised} an unknown one); "
        f"{homes.outside} are outside."
    )
    lines = [who]
    for evidence, found in groupby(homes.decided, key=lambda one: one.evidence):
        decided = list(found)
        inside = sum(one.subjects for one in decided if one.inside)
        outside = sum(one.subjects for one in decided if not one.inside)
        most = ", ".join(f"{name(one.country)} {one.subjects}" for one in decided[:_FEW])
        more = f" and {len(decided) - _FEW} more countries" if len(decided) > _FEW else ""
        lines.append(f"  by {_words(evidence)}: {inside} inside, {outside} outside ({most}{more})")
    for odd in homes.odd:
        lines += _odd(odd)
    lines.append(f"country data {homes.countries_edition}")
    if homes.addresses is not None:
        lines.append(f"table of addresses {homes.addresses}")
    return lines


def _odd(odd: OddName) -> list[str]:
    """Tell a value that nobody recognised, or how many are not shown and how to see them."""
    what, people = repr(odd.name), "1 person" if odd.subjects == 1 else f"{odd.subjects} people"
    if odd.name is None:
        values = "1 value" if odd.values == 1 else f"{odd.values} values"
        why = " since a rare one may be somebody's own" if odd.look is not None else ""
        what = f"{values}, not shown{why}"
    lines = [f"  not recognised as {_words(odd.evidence)}: {what}, {people}"]
    if odd.look is not None:
        lines.append(f"    whoever may read them lists them by: {odd.look}")
    return lines


def _words(evidence: str) -> str:
    """Tell a piece of evidence, a kind and where it stands, for people."""
    kind, _, place = evidence.partition(" ")
    return f"{EvidenceKind(kind).words} ({place})"
