"""The vendor's API as its client."""
