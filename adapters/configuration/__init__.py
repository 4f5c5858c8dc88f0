"""Helpers to read settings: URLs, secrets, names, files, and one line for each mistake."""
