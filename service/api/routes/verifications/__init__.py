"""Verifications: register, look up, explain, pull."""
