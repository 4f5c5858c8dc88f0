"""What one process keeps in memory: gates to the vendor, slots, figures, the alarm."""
