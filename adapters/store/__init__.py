"""The store in PostgreSQL: verifications, callbacks, pulls, decisions, timeline, dead letters, tokens."""
