"""Delete the pieces of pictures that were erased, or that a killed worker left."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from usecases.ports.identity.pictures import PictureEnds, PictureStore

BATCH: Final = 200
BUDGET: Final = 2000
"""Pictures of one sweep."""

ABANDONED_AFTER: Final = timedelta(days=1)
"""A worker that still holds an answer for so long has lost the vendor's day for the result too."""


class PictureSweep:
    """Deletes pieces, then the rows that name them. `store` None: what it had is out of reach."""

    def __init__(
        self, ends: PictureEnds, store: PictureStore | None, *, clock: Callable[[], datetime]
    ) -> None:
        self._ends = ends
        self._store = store
        self._clock = clock

    async def delete_left(self) -> int:
        """Delete what is left, up to the budget; how many pictures. Raises ServerAway: the rest stays for the
        next sweep."""
        done = 0
        while self._store is not None and done < BUDGET:
            left = await self._ends.left(begun_before=self._clock() - ABANDONED_AFTER, limit=BATCH)
            for each in left:
                await self._store.delete(each.verification_id, each.pieces)
            await self._ends.gone(left)
            count = sum(len(each.pieces) for each in left)
            done += count
            if count < BATCH:
                break
        return done
