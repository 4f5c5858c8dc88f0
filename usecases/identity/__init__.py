"""Identity: indexed, read for a reason, searched and exported."""
