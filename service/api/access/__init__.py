"""The checks before an endpoint runs: the token, its quota, and the size of the body."""
