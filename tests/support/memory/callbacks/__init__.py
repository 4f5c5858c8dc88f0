"""Callbacks in memory: taken, recorded, held, or kept as dead letters."""
