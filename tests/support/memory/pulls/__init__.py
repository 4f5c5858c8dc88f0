"""Pulls in memory: their ledger, requests for one, and the vendor."""
