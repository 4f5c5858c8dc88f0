"""A lease: the right to write to one verification. Every write must include it."""

from typing import Protocol
from uuid import UUID

import msgspec


class DataKey(Protocol):
    """Encrypts and decrypts the stored data of one verification.

    Only the adapter that created it has the key's bytes: no repr, comparison or encoding shows them.
    """

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        """Encrypt; `place` (column, app, row) is bound to the ciphertext."""

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt the output of `seal`. Raises BrokenSeal."""


class Lease(msgspec.Struct, frozen=True):
    """Recording and claiming hand out leases. Each new one increments `fence`, and a write with an older
    fence changes nothing.
    """

    verification_id: UUID
    app_id: str
    fence: int
    key: DataKey


class Leased(msgspec.Struct, frozen=True):
    """Something that a worker holds under a lease."""

    lease: Lease

    @property
    def verification_id(self) -> UUID:
        """The verification that the lease is for."""
        return self.lease.verification_id

    @property
    def app_id(self) -> str:
        """The app that owns the verification."""
        return self.lease.app_id
