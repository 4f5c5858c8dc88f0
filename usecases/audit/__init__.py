"""Close blocks of the audit, anchor them, read and export it."""
