"""The scenarios: who runs a flow, what the vendor reports about it, and how it ends."""
