"""What persons do to get in, and what admins do with persons."""
