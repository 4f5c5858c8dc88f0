"""The way of callbacks from the ingress to the workers: the inbox, its gate, the wake-ups."""
