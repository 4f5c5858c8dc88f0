"""ed25519 keys of webhooks, made of their seeds."""

from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@lru_cache(maxsize=256)
def open_key(seed: bytes) -> Ed25519PrivateKey:
    """The key with this 32-byte seed; made once for each."""
    return Ed25519PrivateKey.from_private_bytes(seed)
