"""How we reach things: Redis, PostgreSQL, the vendor's API, files. Adapters translate and never decide."""
