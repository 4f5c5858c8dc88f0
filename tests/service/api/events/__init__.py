"""Readers of the event log."""
