"""The HTTP edge: `ingress` accepts callbacks from the public, `api` serves our own programs and operators."""
