"""Open the sealed pieces of pictures."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog

from domain.errors import BrokenSeal
from domain.identity.pictures import StoredPicture, place_of_picture
from domain.verifications.lease import DataKey
from domain.views.persons import ShownPicture

log = structlog.get_logger(__name__)


class Pieces(Protocol):
    """The store of pictures."""

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none. Raises PicturesAway."""


async def opened_pictures(
    pieces: Pieces | None,
    key: DataKey,
    stored: Sequence[StoredPicture],
    *,
    app_id: str,
    verification_id: UUID,
) -> list[ShownPicture]:
    """The pictures, in order. `content` is None for one that the store lacks, or that does not open."""
    shown = []
    for each in stored:
        sealed = None if pieces is None else await pieces.read(verification_id, each.piece)
        place = place_of_picture(app_id, verification_id, each)
        content = None if sealed is None else _unsealed(key, sealed, place)
        if content is None:
            log.error("pictures.missing", app_id=app_id, verification_id=str(verification_id))
        shown.append(ShownPicture(each.name, each.media_type, content))
    return shown


def _unsealed(key: DataKey, sealed: bytes, place: str) -> bytes | None:
    try:
        return key.unseal(sealed, place=place)
    except BrokenSeal:
        return None
