"""Redis itself: connections, names, durability, memory, and the hints of pub/sub."""
