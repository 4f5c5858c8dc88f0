"""New secrets and ed25519 keys of endpoints."""

import base64
import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.events.webhooks.signing import new_secret

_PUBLIC_PREFIX: Final = "whpk_"
_SECRET_BYTES: Final = 32


class RandomSecrets:
    """Makes secrets and keys from the system's random numbers."""

    def secret(self) -> str:
        """A random 256-bit secret, `whsec_…`."""
        return new_secret(os.urandom(_SECRET_BYTES))

    def key(self) -> tuple[bytes, str]:
        """The seed of a new ed25519 key, and its public key, `whpk_…`."""
        key = Ed25519PrivateKey.generate()
        public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
        return key.private_bytes_raw(), _PUBLIC_PREFIX + public
