"""Verifications that must be looked at, and when."""
