"""Stores, spools and intakes as tests use them."""
