"""Sealing of what the gateway keeps: compression, encryption, and the ids of batches."""
