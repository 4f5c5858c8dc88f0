"""What is kept in PostgreSQL: verifications, callbacks, pulls, decisions, timeline, dead letters, tokens."""
