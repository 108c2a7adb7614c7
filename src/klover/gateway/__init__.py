"""The gateway: the only way in for people. Speaks the Postgres protocol on both sides.

For each connection: TLS (``listen``), who (``authenticate``), where and why (``policy.decide``), a
fresh backend session under a role that nobody else holds (``lease``, ``backend``), and then
bytes are moved (``relay``) while every statement is put on record before anything that answers it
is released (``asking``, ``answering``, ``release``). No SQL is rewritten. The store is reached over
the wire only, and so are the doors: nothing here imports them.
"""
