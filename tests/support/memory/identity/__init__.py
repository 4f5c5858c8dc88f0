"""Identity in memory: a key store, the blind index, and pictures."""
