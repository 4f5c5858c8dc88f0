"""One call of get_result and what it comes to."""
