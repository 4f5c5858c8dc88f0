"""Servers that a test has for itself."""
