"""Policies: try them before they decide."""
