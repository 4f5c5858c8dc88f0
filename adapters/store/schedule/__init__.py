"""Due verifications: which, and when."""
