"""How much at once and how often: token buckets, circuits, places, room in memory."""
