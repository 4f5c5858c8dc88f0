"""Audit: who did what, in rows whose change shows."""
