"""Policies for tests: files with mistakes, and every policy there can be."""
