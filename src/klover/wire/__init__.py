"""The Postgres frontend/backend protocol 3.0 and 3.2, and how its SQL is read: no I/O anywhere.

Bytes in, messages out, and back. ``framing`` cuts a stream into messages, ``startup``,
``frontend`` and ``backend`` hold one frozen value per message, named as in the manual; ``lexer``,
``statement``, ``classify`` and ``redact`` read SQL without parsing it. Whatever does not encode
again to the same bytes is refused. https://www.postgresql.org/docs/18/protocol-message-formats.html
"""
