"""``klover doors rotate`` and ``reveal``: an audience's pseudonyms, made anew and asked back.

``rotate`` fills new pseudonyms online, shows them in one transaction and keeps the old ones
answered for; ``--finish`` lets those go. ``reveal`` tells whose row a pseudonym names, to the
terminal only; who asked and why is on record before. Both need the store's owner.
"""

import getpass
from contextlib import closing
from typing import Annotated
from uuid import UUID

import typer

from klover import assemble, door
from klover.catalog import TableName
from klover.cli.anew import expect_trusted
from klover.cli.bars import door_bars
from klover.cli.findings import expect_sound
from klover.cli.following import expect_following
from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import print_json
from klover.door import Question, rotate as epochs
from klover.errors import CheckFailed, InputError
from klover.event import PseudonymsRotated, Recorder
from klover.policy.resolved import Resolved
from klover.store.connect import Connection

_WRITER = "doors"


def rotate(
    audience: Annotated[str, typer.Argument(help="Whose pseudonyms.")],
    finish: Annotated[
        bool, typer.Option("--finish", help="Let the previous pseudonyms go for good.")
    ] = False,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Give an audience new pseudonyms.

    The old ones lead to them until --finish. What was interrupted goes on when it is run again.
    """
    deployment = assemble.load_deployment(config)
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        resolved = assemble.resolve_policy(deployment, primary)
        _refuse_unknown(resolved, audience)
        expect_sound(resolved, as_json=as_json)
        expect_trusted(primary, assemble.compile_doors(resolved, primary))
        if not finish:
            epochs.begin(primary, audience)
            doors = assemble.compile_doors(resolved, primary)
            with door_bars() as (prepared, done):
                door.prepare(primary, doors, progress=prepared)
                door.apply(primary, doors, recorder, assemble.now(), progress=done)
        now = _change(primary, resolved, audience, recorder, finish=finish)
        expect_following(deployment, primary)
    if as_json:
        told = {"audience": audience, "epoch": now.current, "previous": now.previous}
        print_json(told)
    elif finish:
        typer.echo(f"{audience}: the previous pseudonyms are gone; epoch {now.current} stands")
    else:
        typer.echo(
            f"{audience}: epoch {now.current} is shown; pseudonyms of epoch {now.previous} lead to "
            "it (views …__previous_pseudonyms) until `--finish`"
        )


def _change(
    primary: Connection, resolved: Resolved, audience: str, recorder: Recorder, *, finish: bool
) -> door.Epochs:
    """Change the epochs, and the doors with them, in one transaction."""
    with primary.transaction():
        change = epochs.finish if finish else epochs.switch
        now = change(primary, audience)
        recorder.append(
            PseudonymsRotated(
                time=assemble.now(),
                database=primary.info.dbname,
                audience=audience,
                epoch=now.current,
                previous=now.previous,
            )
        )
        door.apply(primary, assemble.compile_doors(resolved, primary), recorder, assemble.now())
    return now


def reveal(
    audience: Annotated[str, typer.Argument(help="Who was shown the pseudonym.")],
    table: Annotated[str, typer.Argument(help="The table whose row it names.")],
    pseudonym: Annotated[UUID, typer.Argument(help="The pseudonym, of either epoch.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes on record.")],
    reference: Annotated[str, typer.Option("--reference", help="The case; goes on record.")],
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Tell whose row a pseudonym names; goes on record first.

    Ends with 1 where it names nobody's.
    """
    if not reason.strip() or not reference.strip():
        raise InputError("Say why with --reason, and for which case with --reference.")
    deployment = assemble.load_deployment(config)
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        resolved = assemble.resolve_policy(deployment, primary)
        _refuse_unknown(resolved, audience)
        question = Question(
            audience=audience,
            table=TableName.parse(table),
            pseudonym=pseudonym,
            principal=f"{getpass.getuser()} as {primary.info.user}",
            reason=reason.strip(),
            reference=reference.strip(),
        )
        doors = assemble.compile_doors(resolved, primary)
        found = door.reveal(primary, resolved, doors, question, recorder, assemble.now())
    if found is None:
        raise CheckFailed(f"It is no pseudonym of a row of {table} for {audience}; on record.")
    if as_json:
        print_json({"epoch": found.epoch, "key": dict(found.key)})
        return
    for column, value in found.key:
        typer.echo(f"{column} = {value}")


def _refuse_unknown(resolved: Resolved, audience: str) -> None:
    if audience not in resolved.policy.audiences:
        known = ", ".join(sorted(resolved.policy.audiences))
        raise InputError(f"The policy has no audience {audience!r}; it has {known}.")
