"""Who may log in to an embedded server, as its pg_hba.conf and pg_ident.conf say.

Nobody has a password: the operating system says who is at the other end of the socket (``peer``).
https://www.postgresql.org/docs/18/auth-peer.html
"""

import os
import pwd
from pathlib import Path

from klover.store.binaries import Binaries

OWNER = "klover"
"""The superuser of an embedded server: the owner of the store."""
REPLICATION = "klover_replication"
SESSIONS = "klover_session"
"""The group of the login roles that the gateway leases; a standby admits its members."""

_IDENT_GROUPS = 16


def knows_groups(binaries: Binaries) -> bool:
    """Tell whether pg_ident.conf may name the members of a role: "+role" came with 16."""
    return binaries.version >= _IDENT_GROUPS


def write_access(data: Path, binaries: Binaries, *, sessions: bool) -> None:
    """Write pg_hba.conf and pg_ident.conf: unix sockets only, by the peer's account only."""
    rules = [
        f"local all {OWNER} peer map=klover",
        f"local replication {REPLICATION} peer map=klover",
    ]
    caller = pwd.getpwuid(os.geteuid()).pw_name
    maps = [f"klover {caller} {OWNER}"]
    maps += [f"klover {person} {REPLICATION}" for person in sorted({caller, binaries.user})]
    # Where they are not known, the folder of the socket keeps people out in their place.
    by_peer = knows_groups(binaries)
    if sessions:
        # No password is consulted: a role cannot change what lets it in.
        rules.append(
            f"local all +{SESSIONS} " + ("peer map=klover_session" if by_peer else "trust")
        )
        maps.append(f"klover_session {caller} +{SESSIONS}")
    else:
        # An application's roles, for trials: whoever runs us may be any of them.
        rules.append(f"local all +{SESSIONS} reject")
        rules.append("local all all " + ("peer map=klover_any" if by_peer else "trust"))
        maps.append(f"klover_any {caller} all")
    if not by_peer:
        maps = [line for line in maps if "+" not in line and not line.endswith(" all")]
    (data / "pg_hba.conf").write_text("\n".join(rules) + "\n")
    (data / "pg_ident.conf").write_text("\n".join(maps) + "\n")
