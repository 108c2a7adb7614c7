"""Klover: a European enclave for user data.

ARCHITECTURE.md names the rooms below and the journeys through them.
"""

__version__ = "0.1.0"
