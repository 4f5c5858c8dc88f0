"""What one process keeps in memory: its ways to the vendor, room, figures, moments."""
