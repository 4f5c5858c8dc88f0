"""The blind index of ID numbers: its rows, its counts, and how often a number is verified."""
