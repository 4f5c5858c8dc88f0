"""Callbacks between the ingress and the workers: the inbox, its gate, the wake-ups."""
