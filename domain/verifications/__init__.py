"""A verification in the hands of a worker: its lease, and the values that stores take and return."""
