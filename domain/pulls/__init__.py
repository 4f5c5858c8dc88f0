"""Calls of get_result: how many, when, and the kinds of answers."""
