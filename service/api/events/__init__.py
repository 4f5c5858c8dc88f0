"""Readers of the event log: those that wait for the next page, and streams."""
