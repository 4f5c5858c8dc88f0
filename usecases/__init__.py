"""What the gateway does: each use case once, for every edge. Imports only the domain and its own ports."""
