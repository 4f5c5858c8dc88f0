"""Persons, their roles, links and sessions, and all tokens, in PostgreSQL."""
