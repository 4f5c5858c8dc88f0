"""Endpoints, events and receivers for tests."""
