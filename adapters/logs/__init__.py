"""Every log event of the gateway with its meaning (docs/reference/log-events.md)."""
