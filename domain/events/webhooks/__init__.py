"""Webhooks: the events of an endpoint, their signatures, and their retries."""
