"""Callbacks and payloads as the vendor builds them, and wrong ones."""
