"""The only room that drives the enclave's Postgres: embedded from a wheel, or given by a DSN.

``embedded`` starts and stops servers of our own, ``connect`` opens connections and tells people
what went wrong, ``inspect`` reads a catalog into values, ``sql`` loads named statements.
"""
