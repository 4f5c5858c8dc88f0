"""What the gateway needs of a key service."""

from typing import Protocol


class KeyGone(Exception):
    """The key is destroyed, or its destruction is scheduled: it decrypts nothing."""


class KeyService(Protocol):
    """Keys that encrypt for us and never leave the service. Every method raises KeysAway."""

    async def create(self, epoch: str) -> str:
        """A new key for this epoch; returns the service's id of it."""

    async def encrypt(self, key: str, plaintext: bytes, *, epoch: str) -> str:
        """Encrypt, bound to the epoch."""

    async def decrypt(self, key: str, ciphertext: str, *, epoch: str) -> bytes:
        """Decrypt the output of `encrypt`. Raises KeyGone."""

    async def destroy(self, key: str) -> None:
        """Make the key unusable at once, and for good as soon as the service allows. May be repeated."""

    async def aclose(self) -> None:
        """Close the connections."""
