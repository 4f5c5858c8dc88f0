"""Faults of the servers and of the vendor, while every role runs."""
