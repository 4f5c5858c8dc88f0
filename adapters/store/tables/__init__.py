"""The tables, by subject. `schema` loads all of them."""
