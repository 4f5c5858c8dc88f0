"""Calls of get_result: reserved, answered, requested by operators."""
