"""`compliance`: what this gateway stores, for the data-protection officer."""
