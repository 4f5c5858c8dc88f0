"""Epoch keys: what a group of data keys is wrapped by, and what destroys them together."""
