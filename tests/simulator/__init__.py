"""Tests of the vendor's stand-in."""
