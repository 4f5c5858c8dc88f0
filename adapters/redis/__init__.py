"""Redis: connections, names, durability, memory, and hints over pub/sub."""
