"""Open the store of pictures that FACEID_PICTURES_URL names."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol
from uuid import UUID

from adapters.configuration.pictures_url import place_of_pictures
from adapters.outbound.pictures.folder import FolderPictures


class OpenedPictures(Protocol):
    """A store of pictures. Every method raises PicturesAway."""

    async def put(self, verification_id: UUID, pieces: Mapping[str, bytes]) -> None:
        """Keep these pieces; durable on return."""

    async def read(self, verification_id: UUID, piece: str) -> bytes | None:
        """A piece; None if there is none."""

    async def delete(self, verification_id: UUID, pieces: Collection[str]) -> None:
        """Delete these pieces."""

    async def check(self) -> None:
        """Try to write, read and delete."""

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
