"""Webhook endpoints in PostgreSQL."""
