"""Tasks of every process: its heartbeat, the first check of its servers, its limits."""
