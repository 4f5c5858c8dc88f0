"""The internal listener: lookups for our own programs, dead letters for operators."""
