"""Due verifications, and the calls of get_result: reserved, answered, requested by operators."""
