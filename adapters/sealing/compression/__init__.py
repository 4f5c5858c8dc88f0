"""Compression of what the vendor sends, before it is sealed."""
