"""Identity: read, searched, exported, erased, held."""
