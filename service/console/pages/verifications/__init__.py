"""Verifications: the list, one of them, and its identity."""
