"""Lookups: find the verification of a request, wait for its decision, and the cursors of pages."""
