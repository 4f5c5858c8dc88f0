"""Recorded callbacks: the verification that they belong to, its owner, its registration."""
