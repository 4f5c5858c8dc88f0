"""Erasures, legal holds and retention in PostgreSQL, and the comparison with the erasure ledger."""
