"""The HTTP edge: `ingress` takes callbacks from the public, `api` serves our own programs and operators."""
