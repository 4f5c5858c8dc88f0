"""Real servers and all roles on one machine: what `dev`, `demo` and the tests run."""
