"""Who may cancel what: keys of the gateway's own, one for each session.

The server's keys never leave the gateway. A request with a wrong key is answered as any other, by
closing the connection, so nobody learns which sessions there are.
https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
"""

import hmac
import secrets
from collections.abc import Callable

from klover.wire.backend import BackendKeyData
from klover.wire.startup import VERSION_3_2, CancelRequest

_SECRET_3_0 = 4
_SECRET_3_2 = 32
_NOBODY = b"\0" * _SECRET_3_2


class Cancels:
    """The keys of live sessions, and what cancels each."""

    def __init__(self) -> None:
        self._sessions: dict[int, tuple[bytes, Callable[[], None]]] = {}

    def issue(self, version: int, cancel: Callable[[], None]) -> BackendKeyData:
        """Make a key for a session; protocol 3.2 has room for a long one."""
        size = _SECRET_3_2 if version >= VERSION_3_2 else _SECRET_3_0
        while (process_id := secrets.randbelow(1 << 31)) in self._sessions or process_id == 0:
            pass
        secret = secrets.token_bytes(size)
        self._sessions[process_id] = (secret, cancel)
        return BackendKeyData(process_id=process_id, secret=secret)

    def withdraw(self, key: BackendKeyData) -> None:
        """Forget a session's key."""
        self._sessions.pop(key.process_id, None)

    def request(self, request: CancelRequest) -> bool:
        """Cancel what the key is for; tells whether it was right, which no client learns."""
        secret, cancel = self._sessions.get(request.process_id, (_NOBODY, None))
        if not hmac.compare_digest(secret, request.secret) or cancel is None:
            return False
        cancel()
        return True
