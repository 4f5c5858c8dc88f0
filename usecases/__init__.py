"""What the gateway does: each use case once, for every edge. Knows the domain and its ports alone."""
