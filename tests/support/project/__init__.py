"""What the tests of pages, logs and tools read."""
