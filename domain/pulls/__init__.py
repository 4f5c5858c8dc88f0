"""Calls of get_result: how many, when, and what an answer is about."""
