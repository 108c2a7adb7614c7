"""Transparency-log formats of C2SP and Merkle proofs of RFC 6962, without I/O.

Everything here takes bytes or values and returns bytes or values. Whatever does not encode again
to the same bytes is refused with VerifyError. Files are ``klover.log``'s work.
"""
