"""Ports of callbacks: accepted, taken from the inbox, recorded, or kept as dead letters."""
