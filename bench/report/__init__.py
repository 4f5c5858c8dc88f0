"""What a run reports: figures, the table, results.json with its comparison, and the picture."""
