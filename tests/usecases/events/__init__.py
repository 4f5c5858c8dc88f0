"""What workers do for the event log."""
