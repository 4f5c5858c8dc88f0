"""Stand-ins of key services, which check what the real ones check."""
