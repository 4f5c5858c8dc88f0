"""Every port of the domain in memory, with the promises of the real adapters: tests/contracts holds both."""
