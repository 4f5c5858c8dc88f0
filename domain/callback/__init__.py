"""The vendor's callback: its form, its signature, its JSON, and its content as types."""
