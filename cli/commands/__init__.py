"""One module for each command that is no group of its own."""
