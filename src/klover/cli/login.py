"""``klover login``: a token of the deployment's own trial issuer.

For trials: whoever holds the trial key can be anybody, and the command says so. A real deployment
has no such key; its people take their token from their identity provider.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from klover import assemble
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import print_json
from klover.errors import InputError

User = Annotated[str | None, typer.Option("--user", help="Whom the token is of.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="NAME", help="A group the person is in; may be repeated."),
]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="NAME=VALUE", help="Another claim; may be repeated."),
]
Country = Annotated[
    str | None, typer.Option("--country", help="Where the issuer says the person is.")
]


def read_claims(given: Sequence[str]) -> dict[str, list[str]]:
    """Read claims written as NAME=VALUE; one that is repeated holds each value."""
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError("A claim is --claim NAME=VALUE, such as department=support.")
        found.setdefault(name, []).append(value)
    return found


def login(
    user: Annotated[str, typer.Option("--user", help="Whom the token is of.")],
    group: Groups = None,
    country: Country = None,
    claim: Claims = None,
    hours: Annotated[int, typer.Option(help="How long the token counts.", min=1, max=24)] = 8,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Print a token of the trial issuer: the password at the gateway."""
    deployment = assemble.load_deployment(config)
    lifetime = timedelta(hours=hours)
    ends = datetime.now(UTC) + lifetime
    from klover.assemble import gate

    token = gate.trial_token(
        deployment,
        user=user,
        groups=group or [],
        country=country,
        lifetime=lifetime,
        claims=read_claims(claim or ()),
    )
    if as_json:
        expires = ends.isoformat(timespec="seconds")
        print_json({"token": token, "expires": expires, "trial": True})
        return
    typer.echo(f"A token for trials, valid until {ends:%H:%M} UTC:", err=True)
    typer.echo(token)
