"""``klover policy keygen``, ``sign``, ``propose``, ``object``.

Who may change the policy stands in the policy in effect. Signatures stand in a file beside the
policy, ``klover.yaml.sigs``, until they are handed in. Every command tells what it did, and what
comes next.
"""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from klover import assemble
from klover.cli.options import CONFIG, AsJson, Config, PolicyFile
from klover.cli.policy_status import WORDS, read_standing, tell_version, write
from klover.cli.printing import print_json
from klover.errors import CheckFailed, InputError, VerifyError
from klover.policy.change import Standing
from klover.policy.change_take import expected, meaning_of
from klover.policy.model import Policy
from klover.policy.statement import Change, Meaning
from klover.tlog.key import SignerKey
from klover.tlog.note import Note, sign_note

Key = Annotated[Path, typer.Option("--key", help="The file of the private key to sign with.")]
_WRITER = "policy"


def keygen(
    name: Annotated[str, typer.Argument(help="Whose key it is; no spaces, no plus sign.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; else NAME.key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key for a signer or an overseer, for `signing:`."""
    from klover.log.keys import create_key

    path = output or Path(f"{name}.key")
    try:
        key = create_key(path, name)
    except VerifyError as error:
        raise InputError(str(error)) from None
    if as_json:
        print_json({"file": str(path), "key": key.verifier.vkey})
        return
    typer.echo(f"Wrote {path}: keep it to yourself. For the policy:")
    typer.echo(f'  {name}: {{key: "{key.verifier.vkey}", located: …}}')


def sign(
    file: PolicyFile,
    key: Key,
    config: Config = CONFIG,
    replaces: Annotated[
        Path | None,
        typer.Option(help="The policy in effect, where the enclave cannot be reached from here."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a change means, ask, and sign it in FILE.sigs.

    Everybody signs the same FILE.sigs. With --replaces no enclave is asked: somebody else has to
    have drawn up FILE.sigs, and the change is held against that policy.
    """
    policy, signer = assemble.read_policy(file), _key(key)
    former: Policy | None
    drawn = _drawn(_signatures(file))
    if replaces is not None:
        former = assemble.read_policy(replaces)
        wanted = _against(drawn, former, policy, file)
    else:
        standing = read_standing(config)
        former = standing.in_effect.policy if standing.in_effect else None
        wanted = expected(standing, policy, datetime.now(UTC))
    who = _signer(former, policy, signer)
    _show_change(former, policy, wanted.meaning, as_json=as_json)
    _ask(yes=yes)
    note, anew = sign_note(wanted.text, signer), drawn is not None
    if drawn is not None and replace(drawn[1], time=wanted.time) == wanted:
        anew = False
        note = drawn[0].with_signatures(sign_note(drawn[0].text, signer).signatures)
    path = _signatures(file)
    write(path, note.encode())
    if as_json:
        told = {"file": str(path), "signer": who, "signatures": len(note.signatures)}
        print_json({**told, "meaning": wanted.meaning})
        return
    if anew:
        typer.echo(f"The signatures that {path} bore were for another change and are gone.")
    typer.echo(f"{who} has signed: {path} bears {_count(len(note.signatures))}.")
    typer.echo(f"Hand it in with: klover policy propose {file}")


def propose(file: PolicyFile, config: Config = CONFIG, as_json: AsJson = False) -> None:
    """Hand in a policy with the signatures in FILE.sigs.

    What only tightens takes effect at once, what loosens after the delay. Ends with 1 where
    signatures are missing; nothing has changed then.
    """
    from klover import adopt

    deployment = assemble.load_deployment(config)
    assemble.read_policy(file)
    texts, path = assemble.policy_texts(file), _signatures(file)
    note = _text(path) if path.exists() else ""
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        done = adopt.propose(
            primary,
            recorder,
            assemble.policy_pin(deployment),
            texts=texts,
            note=note,
            now=datetime.now(UTC),
        )
    tell_version(done.version, done.standing, as_json=as_json)


def object_to(
    digest: Annotated[str, typer.Argument(help="The proposed policy's digest, or its beginning.")],
    key: Key,
    config: Config = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Object to a proposal, as the overseer, before it takes effect."""
    from klover import adopt

    deployment, overseer = assemble.load_deployment(config), _key(key)
    now = datetime.now(UTC)
    with (
        assemble.open_primary(deployment) as primary,
        closing(assemble.open_recorder(deployment, _WRITER)) as recorder,
    ):
        standing = assemble.policy_standing(deployment, primary) or Standing()
        text = adopt.objection(standing, digest, now).text
        done = adopt.take_objection(
            primary,
            recorder,
            assemble.policy_pin(deployment),
            note=sign_note(text, overseer).encode().decode(),
            now=now,
        )
    tell_version(done.version, done.standing, as_json=as_json)


def _count(number: int) -> str:
    return f"{number} signature{'' if number == 1 else 's'}"


def _key(path: Path) -> SignerKey:
    from klover.log.keys import load_key

    return load_key(path)


def _signatures(file: Path) -> Path:
    return file.with_name(file.name + ".sigs")


def _drawn(path: Path) -> tuple[Note, Change] | None:
    """Read the signatures that are there already."""
    if not path.exists():
        return None
    try:
        note = Note.parse(path.read_bytes())
        return note, Change.parse(note.text)
    except VerifyError as error:
        raise InputError(f"{path}: {error} Remove it to begin anew.") from None


def _against(
    drawn: tuple[Note, Change] | None, former: Policy, policy: Policy, file: Path
) -> Change:
    """Hold what was drawn up elsewhere against the two files at hand."""
    if drawn is None:
        raise InputError(
            f"There is no {_signatures(file)}: the first to sign has to reach the enclave."
        )
    change, meaning = drawn[1], meaning_of(former, policy)[0]
    if (change.replaces, change.adopts) != (former.digest, policy.digest):
        raise CheckFailed(f"{_signatures(file)} is about other texts than the two policies here.")
    if change.meaning is not meaning:
        raise CheckFailed(
            f"{_signatures(file)} says that the change {WORDS[change.meaning]}, but it "
            f"{WORDS[meaning]}; do not sign it."
        )
    return change


def _signer(former: Policy | None, policy: Policy, key: SignerKey) -> str:
    """Tell by which name the policy that decides knows a key."""
    rules = (former.signing if former is not None else None) or policy.signing
    if rules is None:
        raise InputError("This policy has no `signing:`, so there is nothing to sign.")
    for signer in rules.signers.values():
        if signer.key == key.verifier:
            return signer.name
    whose = "in effect" if former is not None and former.signing is not None else "to be signed"
    raise InputError(
        f"The key {key.name} is none of the signers that the policy {whose} names: "
        f"{', '.join(rules.signers)}."
    )


def _show_change(former: Policy | None, policy: Policy, meaning: Meaning, *, as_json: bool) -> None:
    if as_json:
        return
    from klover.cli.policy_diff import show

    if former is None:
        typer.echo(f"{policy.file} {WORDS[meaning]}.")
    else:
        show(meaning_of(former, policy)[1])


def _ask(*, yes: bool) -> None:
    """Ask at the terminal, or take the answer from a pipe; silence is no consent."""
    if yes:
        return
    try:
        agreed = typer.confirm("Sign this change?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise InputError("Nothing was signed. Answer y, or say --yes to sign without being asked.")


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
