"""The meaning of each setting, in both languages, for the reference."""
