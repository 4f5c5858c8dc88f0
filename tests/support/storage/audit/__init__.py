"""Audits for tests: made, written by processes that are killed, and tampered with."""
