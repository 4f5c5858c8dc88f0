"""`reference`: what docs/reference says, from the code."""
