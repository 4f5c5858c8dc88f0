"""`policy`: check, compare and document decision policies."""
