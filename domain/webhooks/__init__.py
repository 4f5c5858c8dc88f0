"""Webhooks: which events an endpoint gets, how they are signed, and when they are sent again."""
