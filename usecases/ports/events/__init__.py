"""Ports of the event log: the log itself, webhook endpoints and deliveries, alerts."""
