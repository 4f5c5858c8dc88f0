"""Of the api: lookups and lists."""
