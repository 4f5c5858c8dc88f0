"""Open the store of pictures that FACEID_PICTURES_URL names, and try it."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID, uuid4

from adapters.configuration.pictures_url import place_of_pictures
from adapters.outbound.pictures.folder import FolderPictures
from domain.errors import PicturesAway

_NO_VERIFICATION: Final = UUID(int=0)


class OpenedPictures(Protocol):
    """A store of pictures. Every method raises PicturesAway."""

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces; durable on return."""

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none."""

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces."""

    async def aclose(self) -> None:
        """Close the connections."""


def open_pictures(url: str) -> OpenedPictures:
    """The store, which connects at its first use. `url` has passed `check_pictures_url`.

    Raises:
        SettingsError: a library is missing.
    """
    place = place_of_pictures(url)
    if isinstance(place, Path):
        return FolderPictures(place)
    from adapters.outbound.pictures.bucket import BucketPictures  # noqa: PLC0415 - an extra

    return BucketPictures(place)


async def try_pictures(store: OpenedPictures) -> None:
    """Write a piece, read it and delete it. Raises PicturesAway."""
    piece = uuid4().hex
    await store.put(_NO_VERIFICATION, {piece: b"check"})
    if await store.read(_NO_VERIFICATION, piece) != b"check":
        raise PicturesAway("the store of pictures does not keep what is written")
    await store.delete(_NO_VERIFICATION, [piece])
