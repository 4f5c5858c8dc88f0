"""The pictures of results: sealed pieces in a store of their own, and what the database knows of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.identity.pictures import LeftPieces, StoredPicture
from domain.verifications.lease import Lease


class PictureStore(Protocol):
    """The sealed pieces of each verification, by name. Every method raises PicturesAway."""

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces, in the place of those with the same names; durable on return."""

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none."""

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces for good; what is not there is no error."""


class PictureBeginnings(Protocol):
    """What the worker writes before pieces are put."""

    async def begin(self, lease: Lease, pictures: Sequence[StoredPicture], *, now: datetime) -> bool:
        """Note pictures that are about to be put; False if the verification is erased. Raises ServerAway."""


class PictureEnds(Protocol):
    """Which pieces are to be deleted. Every method raises ServerAway."""

    async def left(self, *, begun_before: datetime, limit: int) -> list[LeftPieces]:
        """Pieces of up to `limit` pictures that are erased, or that were begun before and never stored."""

    async def gone(self, left: Sequence[LeftPieces]) -> None:
        """Forget these: their pieces are deleted."""
