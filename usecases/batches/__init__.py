"""Batches of callbacks: claimed, decoded, recorded, or made dead letters."""
