"""The internal listener: orders and lookups for our own programs, dead letters and policies for operators."""
