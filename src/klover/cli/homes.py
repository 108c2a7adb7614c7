"""What decides where people live, told for people: for ``policy homes`` and ``migrate plan``."""

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from klover.cli.bars import bars
from klover.cli.options import AsJson, PolicyFile
from klover.cli.printing import print_json
from klover.migrate.plan import Homes
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
        what = "values that are not shown" if odd.name is None else repr(odd.name)
        people = "1 person" if odd.subjects == 1 else f"{odd.subjects} people"
        lines.append(f"  not recognised as {_words(odd.evidence)}: {what}, {people}")
    lines.append(f"country data {homes.countries_edition}")
    if homes.addresses is not None:
        lines.append(f"table of addresses {homes.addresses}")
    return lines


def _words(evidence: str) -> str:
    """Tell a piece of evidence, a kind and where it stands, for people."""
    kind, _, place = evidence.partition(" ")
    return f"{EvidenceKind(kind).words} ({place})"
