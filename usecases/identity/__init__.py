"""Identity: indexed, read for a reason, searched, exported, and erased."""
