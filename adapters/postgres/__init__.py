"""PostgreSQL: the engine, its connections and errors, the schema and its migrations."""
