"""Every port of the domain in memory, with the promises of the real adapters (tests/usecases/ports)."""
