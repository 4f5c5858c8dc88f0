"""The scenarios of the simulator: who runs a flow, what it reports, and how it ends."""
