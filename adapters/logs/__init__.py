"""Every log event that the gateway writes, and what it means (docs/reference/log-events.md)."""
