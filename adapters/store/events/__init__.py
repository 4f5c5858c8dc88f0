"""The event log: written in the transaction of what it tells, read in the order of commits."""
