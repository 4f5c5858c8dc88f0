"""Verifications and figures as the internal api reads them."""
