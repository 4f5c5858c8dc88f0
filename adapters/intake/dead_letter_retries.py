"""Retries of dead letters: back into the inbox, one way for the api and the command line."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from adapters.batch_ids import new_batch_id
from adapters.intake.inbox import RedisInbox
from adapters.store.dead_letters import PgDeadLetters
from domain.errors import RedisFull
from domain.limits.memory_room import MemoryRules
from domain.model import AcceptedCallback
from domain.views.letters import LetterFilter

MAX_BATCH: Final = 64
_PREFIX: Final = "retry-"


class Retried(msgspec.Struct, frozen=True):
    """What a bulk retry did. `unreadable` letters stay: no configured master key opens them.

    `remaining` counts what waits still, unreadable letters among it.
    """

    retried: int
    unreadable: int
    remaining: int


class DeadLetterRetries:
    """Puts letters back into the inbox, and marks them once they are there.

    A crash in between leaves a letter that is in the inbox as well: it runs twice, which is harmless.
    `memory_rules`: how much of Redis may be filled; a letter stands in PostgreSQL and can wait there.
    """

    def __init__(
        self,
        letters: PgDeadLetters,
        *,
        inbox: RedisInbox,
        memory_rules: MemoryRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._inbox = inbox
        self._memory_rules = memory_rules
        self._clock = clock

    async def retry_one(self, letter_id: UUID, app_ids: Sequence[str] | None) -> bool:
        """Retry a letter, even one that is on its way; False where these apps have no such letter.

        Raises:
            BrokenSeal: no configured master key opens it.
            RedisFull: Redis has no room for it; the letter stays as it was.
            ServerAway: PostgreSQL or Redis is away; the letter stays as it was.
        """
        batch_id = new_batch_id(1, prefix=_PREFIX)
        async with self._letters.take_one(letter_id, app_ids, now=self._clock()) as callback:
            if callback is None:
                return False
            await self._inbox.add(batch_id, [callback], rules=self._memory_rules)
        return True

    async def retry_all(self, which: LetterFilter, *, limit: int) -> Retried:
        """Retry up to `limit` of these letters, those first that were not seen for longest, in batches.

        None twice in one call: what fails again meanwhile is newer than the call.

        Raises:
            RedisFull: Redis has no room for the next batch; `retried` counts those before it.
            ServerAway: PostgreSQL or Redis is away; what was retried before stays so.
        """
        started, after = self._clock(), None
        retried = unreadable = 0
        while retried < limit:
            size = min(MAX_BATCH, limit - retried)
            async with self._letters.take(which, now=started, limit=size, after=after) as taken:
                if taken.callbacks:
                    await self._add(taken.callbacks, retried=retried)
            retried += len(taken.callbacks)
            unreadable += taken.unreadable
            after = taken.last
            if after is None:
                break
        return Retried(retried, unreadable, remaining=await self._letters.count(which))

    async def _add(self, callbacks: Sequence[AcceptedCallback], *, retried: int) -> None:
        batch_id = new_batch_id(len(callbacks), prefix=_PREFIX)
        try:
            await self._inbox.add(batch_id, callbacks, rules=self._memory_rules)
        except RedisFull:
            raise RedisFull(retried=retried) from None


def is_retry(batch_id: str) -> bool:
    """Whether a batch, or the batch that it is a part of, holds retried letters."""
    return batch_id.startswith(_PREFIX)
