"""Identity: how it is erased, held and kept no longer than needed."""
