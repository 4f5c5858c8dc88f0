"""`reference`: generate docs/reference from the code."""
