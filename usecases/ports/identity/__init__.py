"""Ports of identity: erasures, unmasked reads, the blind index, and the key store."""
