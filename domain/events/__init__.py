"""Events: what the gateway tells programs and operators, one log for all readers."""
