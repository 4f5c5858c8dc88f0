"""The pictures of results: sealed and put away before the result is recorded, shown, and deleted."""
