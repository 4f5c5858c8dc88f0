"""Take the pictures out of an answer, and put them away sealed.

First the database notes which pieces are about to be put, so that what a killed worker leaves is found and
deleted. If the store is away, the pictures are lost: the decision does not wait for them, and no call is
spent on them again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
import structlog

from domain.errors import ServerAway, kind_of_error
from domain.identity.pictures import Picture, StoredPicture, described, place_of_picture, take_pictures
from domain.verifications.lease import Lease
from usecases.ports.identity.pictures import PictureBeginnings, PictureStore

PATIENCE: Final = 5.0
"""Seconds for the pieces of one answer."""

_REST: Final = 10.0
"""Seconds after a failure in which the store is not called."""

log = structlog.get_logger(__name__)


class Taken(msgspec.Struct, frozen=True):
    """A body without its pictures, what the database keeps of them, and their sealed pieces."""

    body: bytes
    pictures: list[StoredPicture] = []
    pieces: dict[str, bytes] = {}


class PictureKeeping:
    """Puts the pictures of one process away. `store` None: FACEID_PICTURES_URL is not set.

    `monotonic` is a clock in seconds that never goes back.
    """

    def __init__(
        self,
        store: PictureStore | None,
        rows: PictureBeginnings,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._store = store
        self._rows = rows
        self._clock = clock
        self._monotonic = monotonic
        self._patience = patience
        self._rests_until = float("-inf")

    async def take(self, lease: Lease, n: int, body: bytes) -> Taken:
        """Take the pictures out of the body that call `n` brought, and seal them. In a thread: an answer may
        have 16 MiB."""
        return await asyncio.to_thread(_taken, lease, n, body)

    async def begin(self, lease: Lease, pictures: Sequence[StoredPicture]) -> bool:
        """Note what is about to be put; False if the verification is erased. Raises ServerAway."""
        return await self._rows.begin(lease, pictures, now=self._clock())

    async def put(self, lease: Lease, taken: Taken) -> bool:
        """Put the pieces away, all or none; False if the store cannot take them now."""
        if self._store is None or self._monotonic() < self._rests_until:
            return False
        try:
            async with asyncio.timeout(self._patience):
                await self._store.put(lease.verification_id, taken.pieces)
        except (ServerAway, TimeoutError) as error:
            self._rests_until = self._monotonic() + _REST
            log.warning("pictures.away", detail=str(error), error=kind_of_error(error))
            return False
        except Exception:
            log.exception(
                "pictures.not_kept", app_id=lease.app_id, verification_id=str(lease.verification_id)
            )
            return False
        return True


def _taken(lease: Lease, n: int, body: bytes) -> Taken:
    rest, pictures = take_pictures(body)
    stored = [described(picture, n=n, position=position) for position, picture in enumerate(pictures)]
    pieces = {
        each.piece: _sealed(lease, each, picture) for each, picture in zip(stored, pictures, strict=True)
    }
    return Taken(rest, stored, pieces)


def _sealed(lease: Lease, stored: StoredPicture, picture: Picture) -> bytes:
    place = place_of_picture(lease.app_id, lease.verification_id, stored)
    return lease.key.seal(picture.content, place=place)
