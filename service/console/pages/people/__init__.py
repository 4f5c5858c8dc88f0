"""Persons, accounts, tokens, and how a person gets in."""
