"""The trial of a store of pictures."""

from uuid import UUID

import pytest

from adapters.outbound.pictures.opening import try_pictures
from domain.errors import PicturesAway
from tests.support.memory.identity.pictures import MemoryPictures


class Forgetful(MemoryPictures):
    """Keeps nothing, without an error."""

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        return None


async def test_store_that_keeps_nothing_is_noticed() -> None:
    with pytest.raises(PicturesAway, match="does not keep what is written"):
        await try_pictures(Forgetful())
