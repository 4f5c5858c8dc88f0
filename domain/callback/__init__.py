"""What the vendor sends: the form, its sign, its JSON, and what it says as types."""
