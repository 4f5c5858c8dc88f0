"""Commands that run processes, or list them."""
