"""Retry dead letters: put them back into the inbox, for the api and the command line."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import NoSuchLetter, RedisFull
from domain.limits.memory_room import MemoryRules
from domain.model import AcceptedCallback
from domain.people.actor import Actor
from domain.views.letters import LetterFilter
from usecases.ports.callbacks.letters import RetriedLetters, RetryInbox

MAX_BATCH: Final = 64


class Retried(msgspec.Struct, frozen=True):
    """The result of a bulk retry. `unreadable` letters stay, because no configured master key decrypts them.

    `remaining`: the letters that still wait, unreadable ones included.
    """

    retried: int
    unreadable: int
    remaining: int


class DeadLetterRetries:
    """Puts letters back into the inbox, and marks them once they are there.

    After a crash in between, a letter is also in the inbox and is processed twice, which is harmless.
    `memory_rules`: how much of Redis retries may fill. A letter can wait in PostgreSQL.
    """

    def __init__(
        self,
        letters: RetriedLetters,
        *,
        inbox: RetryInbox,
        memory_rules: MemoryRules,
        clock: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._inbox = inbox
        self._memory_rules = memory_rules
        self._clock = clock

    async def retry_one(self, letter_id: UUID, app_ids: Sequence[str] | None, *, actor: Actor) -> None:
        """Retry a letter of these apps (None: of any), even one whose retry is under way.

        Raises:
            NoSuchLetter: these apps have no such letter.
            BrokenSeal: no configured master key opens it.
            RedisFull: Redis has no room for it; the letter stays as it was.
            ServerAway: PostgreSQL or Redis is away; the letter stays as it was.
        """
        row = AuditRow.by(actor, Action.LETTER_RETRIED, subject=str(letter_id))
        async with self._letters.take_one(letter_id, app_ids, now=self._clock(), audit=row) as callback:
            if callback is None:
                raise NoSuchLetter
            await self._inbox.add_retried([callback], rules=self._memory_rules)

    async def retry_all(self, which: LetterFilter, *, limit: int, actor: Actor) -> Retried:
        """Retry up to `limit` of these letters in batches, least recently seen first.

        No letter is retried twice in one call: the call skips letters that failed after it began.

        Raises:
            RedisFull: Redis has no room for the next batch; `retried` counts those before it.
            ServerAway: PostgreSQL or Redis is away; letters retried before that stay retried.
        """
        row = AuditRow.by(actor, Action.LETTERS_RETRIED, detail={"reason": which.reason})
        started, after = self._clock(), None
        retried = unreadable = 0
        while retried < limit:
            size = min(MAX_BATCH, limit - retried)
            async with self._letters.take(which, now=started, limit=size, after=after, audit=row) as taken:
                if taken.callbacks:
                    await self._add(taken.callbacks, retried=retried)
            retried += len(taken.callbacks)
            unreadable += taken.unreadable
            after = taken.last
            if after is None:
                break
        return Retried(retried, unreadable, remaining=await self._letters.count(which))

    async def _add(self, callbacks: Sequence[AcceptedCallback], *, retried: int) -> None:
        try:
            await self._inbox.add_retried(callbacks, rules=self._memory_rules)
        except RedisFull:
            raise RedisFull(retried=retried) from None
