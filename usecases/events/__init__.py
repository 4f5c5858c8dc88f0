"""The event log: what workers do for it beside their own events."""
