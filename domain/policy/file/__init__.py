"""The policy file: its tables and values, how it is read, and its mistakes."""
