"""Identity, unmasked: what only `usecases.identity` may ask for, which writes the audit first."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.identity.pictures import StoredPicture
from domain.model import Identity
from domain.views.persons import FoundVerification, ShownPicture, StoredDocument


class IdentityReads(Protocol):
    """Reads identity. Every method raises ServerAway."""

    async def identity_of(self, verification_id: UUID) -> Identity | None:
        """The identity; None if there is none, or it is erased. Raises BrokenSeal."""

    async def stored_pictures(self, verification_id: UUID) -> list[StoredPicture]:
        """The pictures that are stored, without their bytes."""

    async def pictures_of(self, verification_id: UUID) -> list[ShownPicture]:
        """The pictures that are stored. Raises BrokenSeal, PicturesAway."""

    async def documents_of(self, verification_id: UUID) -> list[StoredDocument]:
        """Every callback and result."""

    async def find(self, app_ids: Sequence[str], number: str, *, limit: int) -> list[FoundVerification]:
        """The verifications of these apps with this ID number, newest first."""

    async def note(self, rows: Sequence[AuditRow], *, limit: int) -> None:
        """Count one read of the rows' actor and append the rows; both are committed on return.

        Raises:
            TooManyReads: the actor has `limit` reads today. The first refusal of a day is in the audit.
        """
