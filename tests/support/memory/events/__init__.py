"""Events in memory: their upkeep, endpoints, announcements."""
