"""Places outside the database that keep hashes of the audit's blocks."""
