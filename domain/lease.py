"""A lease: the right to write to one verification, which every write has to show."""

from typing import Protocol
from uuid import UUID

import msgspec


class DataKey(Protocol):
    """Seals and opens what is kept of one verification.

    The adapter that made it keeps the key's bytes to itself: no repr, comparison or encoding shows them.
    """

    def seal(self, plaintext: bytes, *, place: str) -> bytes:
        """Encrypt; `place` (column, app, row) is bound to the ciphertext."""

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt what `seal` made. Raises BrokenSeal."""


class Lease(msgspec.Struct, frozen=True):
    """Handed out by recording and by claiming. Each new holder counts `fence` up, so a write that shows an
    earlier one changes nothing."""

    verification_id: UUID
    app_id: str
    fence: int
    key: DataKey


class Leased(msgspec.Struct, frozen=True):
    """What a worker has in its hands under a lease."""

    lease: Lease

    @property
    def verification_id(self) -> UUID:
        """The verification that the lease is for."""
        return self.lease.verification_id

    @property
    def app_id(self) -> str:
        """The app that owns the verification."""
        return self.lease.app_id
