"""What an app orders and registers before the callback of a verification."""
