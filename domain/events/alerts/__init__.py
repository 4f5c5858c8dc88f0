"""Alerts: the operators' events as messages to people."""
