"""The client of the vendor's API."""
