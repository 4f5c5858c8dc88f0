"""Saved decisions: written once, read back, compared with candidates."""
