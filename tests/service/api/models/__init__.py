"""What the api answers."""
