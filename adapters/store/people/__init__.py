"""Persons, their roles, links, sessions and personal tokens in PostgreSQL."""
