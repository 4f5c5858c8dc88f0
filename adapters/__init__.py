"""Access to Redis, PostgreSQL, the vendor's API and files. Adapters translate and never decide."""
