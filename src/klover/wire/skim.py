"""The names in messages that come with every statement, told without copying what else they hold.

As strict as ``wire.parse``: whatever that refuses is refused here.
https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

import struct

from klover.errors import WireError

_COUNT = struct.Struct("!H")
_LENGTH = struct.Struct("!i")
_ROWS_AND_NUL = 5


def bind_names(body: bytes) -> tuple[bytes, bytes]:
    """Tell a Bind message's portal and statement; its values are counted, not copied.

    As strict as ``parse``, for a message that comes with every statement. Raises WireError.
    """
    try:
        first = body.index(0)
        second = body.index(0, first + 1)
        (formats,) = _COUNT.unpack_from(body, second + 1)
        at = second + 3 + 2 * formats
        (values,) = _COUNT.unpack_from(body, at)
        at += 2
        for _ in range(values):
            (length,) = _LENGTH.unpack_from(body, at)
            at += 4 + max(length, 0)
            if length < -1:
                raise WireError("A Bind message is malformed.")
        (results,) = _COUNT.unpack_from(body, at)
    except (ValueError, struct.error):
        raise WireError("A Bind message is malformed.") from None
    if at + 2 + 2 * results != len(body):
        raise WireError("A Bind message is malformed.")
    return body[:first], body[first + 1 : second]


def execute_portal(body: bytes) -> bytes:
    """Tell an Execute message's portal, as strict as ``parse``. Raises WireError."""
    portal = body[:-_ROWS_AND_NUL]
    if len(body) < _ROWS_AND_NUL or body[len(portal)] != 0 or 0 in portal:
        raise WireError("An Execute message is malformed.")
    return portal
