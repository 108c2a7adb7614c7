"""Brings European rows home: plan, copy, compare, separate keys, retire, sweep.

The rule of this room: nothing is erased at a source that was not proven equal inside, in the same
transaction and under a lock. Every step is durable in the enclave and can be killed at any line.
It drives both databases through ``klover.store`` and knows nothing of doors or of the log: it
tells an ``event.Recorder`` what it did. See docs/decisions/0009 and 0010.
"""
