"""A recorded verification: its next step, its decision, and its end without one."""
