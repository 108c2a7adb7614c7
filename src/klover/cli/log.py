"""``klover log``: show entries, prove one, verify a log from its files alone.

``verify`` needs no configuration and trusts nothing but the keys on its command line; it also
reads a ``.tlog-proof`` file. ``show`` verifies nothing and says so in its help.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from klover.cli.options import CONFIG, AsJson, Config
from klover.cli.printing import console, print_json, table
from klover.errors import CheckFailed, InputError, VerifyError
from klover.log.files import Entry, list_entries
from klover.log.proof import check_proof, make_proof
from klover.log.verify import Verified, verify_directory
from klover.tlog.key import VerifierKey

Directory = Annotated[
    Path | None, typer.Option("--log", help="The log's folder; else the configuration's.")
]
_WIDEST = 60
_SECONDS = len("2026-11-27T11:18:19")
_QUIET = frozenset(
    {
        "time",
        "policy",
        "digest",
        "link",
        "countries_edition",
        "statement_digest",
        "statement_salt",
        "issuer",
        "vkey",
    }
)
"""What only programs read."""
_FIRST = ("principal", "audience", "purpose", "reference", "reason", "statement", "outcome", "text")
_PLUSES = 2


def show(
    directory: Directory = None,
    config: Config = CONFIG,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind.")] = None,
    session: Annotated[str | None, typer.Option(help="Only entries of this session.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many entries, the newest.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List the log's entries; `klover log verify` checks them.

    Long digests are left out, and long values cut; --json has all, one object a line.
    """
    found = list(list_entries(_folder(directory, config), kind=kind, session=session))[-limit:]
    if as_json:
        for entry in found:
            print_json(_as_object(entry), line=True)
        return
    from rich.padding import Padding

    screen = console()
    width = len(str(found[-1].index)) if found else 0
    for entry in found:
        told = _told(entry)
        time = str(told.get("time", ""))[:_SECONDS].replace("T", " ")
        told = {key: told[key] for key in sorted(told, key=_rank) if key not in _QUIET}
        what = " ".join(f"{key}={_short(value)}" for key, value in told.items())
        source = f"{entry.leaf.writer}#{entry.leaf.seq}"
        screen.print(f"{entry.index:>{width}}  {time:{_SECONDS}}  {entry.kind}  ({source})")
        screen.print(Padding(what, (0, 0, 0, width + 2), expand=False), soft_wrap=False)


def prove(
    index: Annotated[int, typer.Argument(help="The entry's number, from 0.")],
    directory: Directory = None,
    config: Config = CONFIG,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a proof that an entry is in the log; it checks offline."""
    proof = make_proof(_folder(directory, config), index)
    path = output or Path(f"entry-{index}.tlog-proof")
    try:
        path.write_bytes(proof.encode())
    except OSError as error:
        raise InputError(f"The proof cannot be written to {path}: {error.strerror}.") from None
    if as_json:
        print_json({"index": index, "file": str(path), "hashes": len(proof.hashes)})
    else:
        typer.echo(f"Wrote {path}. Check it with: klover log verify {path} --key VKEY")


def verify(
    path: Annotated[Path, typer.Argument(help="A log's folder, or a .tlog-proof file.")],
    key: Annotated[str, typer.Option(help="The log's verifier key: name+hash+base64.")],
    witness: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VKEY", help="A witness that must have cosigned, by its verifier key."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a log from its files alone, or a proof. Exit code 1 when it does not hold."""
    log, witnesses = _key(key), tuple(map(_key, witness or ()))
    if path.is_file():
        _verify_proof(path, log, witnesses, as_json=as_json)
        return
    found = verify_directory(path, log, witnesses)
    if as_json:
        print_json({"ok": found.ok, **asdict(found)})
    else:
        _print(found)
    if not found.ok:
        raise CheckFailed(f"The log in {path} does not hold: {len(found.problems)} problems.")


def _folder(directory: Path | None, configuration: Path) -> Path:
    if directory is not None:
        return directory
    from klover.assemble import load_deployment

    return Path(load_deployment(configuration).log.directory)


def _verify_proof(
    path: Path, log: VerifierKey, witnesses: tuple[VerifierKey, ...], *, as_json: bool
) -> None:
    checkpoint, leaf = check_proof(path.read_bytes(), log, witnesses)
    told = {
        "ok": True,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root_base64,
        "writer": leaf.writer,
        "seq": leaf.seq,
        "commitment": leaf.commitment.hex() if leaf.commitment else None,
    }
    if as_json:
        print_json(told)
    else:
        typer.echo(
            f"The proof holds: record {leaf.seq} of {leaf.writer} is in {checkpoint.origin} "
            f"at size {checkpoint.size}."
        )


def _print(found: Verified) -> None:
    screen, lines = console(), table()
    lines.add_row("log", found.origin)
    lines.add_row("size", f"{found.size} entries")
    lines.add_row("root", found.root)
    for one in found.cosigned_by:
        lines.add_row("cosigned by", f"{one.witness} at {_time(one.time)}")
    for writer in found.writers:
        lines.add_row("writer", f"{writer.name}: {writer.records} records in one chain")
    lines.add_row("kinds", ", ".join(f"{kind} {n}" for kind, n in found.kinds.items()))
    lines.add_row("payloads gone", f"{found.erased} erased on record, {found.absent} not here")
    screen.print(lines)
    for problem in found.problems:
        screen.print(f"WRONG: {problem}", style="red")
    if found.ok:
        screen.print("The log holds.", style="green")


def _told(entry: Entry) -> dict[str, Any]:
    if entry.leaf.admits is not None:
        return {"admits": entry.leaf.admits, "vkey": entry.leaf.vkey}
    if entry.leaf.erases is not None:
        return {"erases": entry.leaf.erases}
    return {k: v for k, v in (entry.payload or {}).items() if k != "kind" and v not in (None, [])}


def _as_object(entry: Entry) -> dict[str, Any]:
    return {
        "index": entry.index,
        "writer": entry.leaf.writer,
        "seq": entry.leaf.seq,
        "kind": entry.kind,
        **_told(entry),
    }


def _rank(key: str) -> tuple[int, str]:
    """Put who and why before the rest."""
    return (_FIRST.index(key) if key in _FIRST else len(_FIRST), key)


def _short(value: object) -> str:
    if isinstance(value, list):
        value = ",".join(map(str, value))
    text = str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s after 1970"


def _key(text: str) -> VerifierKey:
    if text.count("+") < _PLUSES:
        raise InputError("A verifier key has the form name+hash+base64; copy it whole, in quotes.")
    try:
        return VerifierKey.parse(text)
    except VerifyError as error:
        raise InputError(f"{error} Copy it whole, in quotes.") from None
