"""What to try while the gateway is open: commands, the long ones as small scripts.

The scripts hold nothing but a call of ``klover psql``; what they pass is what any client would.
"""

import shlex
import sys
from pathlib import Path

from klover.config import Deployment
from klover.demo.ground import Ground
from klover.demo.visitors import VISITORS, Visitor


def invite(ground: Ground, deployment: Deployment, log_vkey: str) -> list[tuple[str, str]]:
    """Write the scripts; list what each command shows, and the command."""
    klover = str(Path(sys.executable).with_name("klover"))
    folder = ground.folder
    lines = []
    for visitor in VISITORS:
        script = folder / f"psql-{visitor.office.lower()}"
        command = shlex.join([klover, *_arguments(visitor, ground)])
        script.write_text(f'#!/bin/sh\nexec {command} -- -P pager=off "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        why = f", purpose {visitor.purpose}" if visitor.purpose else ""
        what = f"psql as {visitor.name} in {visitor.office} (simulated): {visitor.audience}{why}"
        lines.append((what, shlex.quote(str(script))))
    policy = [klover, "policy", "explain", deployment.policy, "--audience", VISITORS[1].audience]
    policy += ["accounts.email", "--dsn", deployment.cell.primary]
    verify = [klover, "log", "verify", deployment.log.directory, "--key", log_vkey]
    for witness in deployment.log.witnesses:
        verify += ["--witness", witness]
    config = ["--config", str(ground.configuration)]
    return [
        *lines,
        ("what an audience sees of a column, and why", shlex.join(policy)),
        ("what you did is on record", shlex.join([klover, "log", "show", "--limit", "5", *config])),
        ("a stranger verifies it with public keys alone", shlex.join(verify)),
    ]


def _arguments(visitor: Visitor, ground: Ground) -> list[str]:
    found = ["psql", visitor.audience, "--config", str(ground.configuration)]
    found += ["--office-port", str(ground.ports[visitor.office]), "--user", visitor.name]
    found += ["--country", visitor.country]
    for group in visitor.groups:
        found += ["--group", group]
    if visitor.purpose is not None and visitor.reference is not None:
        found += ["--purpose", visitor.purpose, "--reference", visitor.reference]
    return found
