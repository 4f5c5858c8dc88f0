"""Commands for identity: erase, hold, and keep it no longer than needed."""
