"""What persons do with cases, and what the gateway does with them at each sweep."""
