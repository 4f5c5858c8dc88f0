"""The wrapped data keys in PostgreSQL, and what the database remembers of their key store."""
