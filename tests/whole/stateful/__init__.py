"""The gateway's own code on ports in memory, taken through whatever order of events hypothesis thinks of."""
