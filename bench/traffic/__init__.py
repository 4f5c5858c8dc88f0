"""What the measured processes are given: callbacks, load, filled queues and databases, a vendor."""
