"""The messages that the vendor sends: notify and return, signed, forged or extended."""
