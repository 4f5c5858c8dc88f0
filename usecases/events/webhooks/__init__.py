"""Webhook endpoints: how they are managed."""
