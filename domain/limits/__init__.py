"""Limits: token buckets, circuit breakers, concurrency, memory."""
