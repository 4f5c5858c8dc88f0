"""The audit in PostgreSQL."""
