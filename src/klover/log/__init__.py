"""The append-only log: append, publish, witness, verify.

Writers (``writer``) put events into spools; the sequencer (``sequence``) merges spools into one
tree of C2SP tiles; a witness (``witness``) cosigns; anyone verifies from the files (``verify``).
Formats are ``klover.tlog``'s; this room does the files.
"""

from klover.log.sequence import Log
from klover.log.verify import Verified, verify_directory
from klover.log.witness import Witness
from klover.log.writer import SpoolWriter

__all__ = ["Log", "SpoolWriter", "Verified", "Witness", "verify_directory"]
