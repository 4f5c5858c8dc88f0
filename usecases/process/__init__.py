"""What one process keeps in memory: gates to the vendor, places, figures, the alarm."""
