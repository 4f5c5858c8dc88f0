"""What a process does for itself: its heartbeat, its first look at its servers, its limits."""
