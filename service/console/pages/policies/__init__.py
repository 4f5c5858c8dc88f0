"""Policies in force, and trials of others."""
