"""The inbox in memory."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from adapters.intake.inbox import MOST_CALLBACKS
from adapters.intake.queue import RECORD_WAITING
from adapters.sealing.batch_ids import is_retry, part_id
from domain.model import AcceptedCallback
from domain.verifications.records import Claim, ClaimedBatch
from tests.support.memory.servers import Batch, Job, MemoryRedis

ALREADY = datetime.min.replace(tzinfo=UTC)
"""The end of a lease that has ended."""


class MemoryInbox:
    """Batches of callbacks, each with the end of its lease once it is claimed."""

    def __init__(self, redis: MemoryRedis, *, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._clock = clock

    async def hand_over(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        async with self._redis.call():
            self._redis.batches[batch_id] = Batch(list(callbacks), self._clock())
            self._wake()

    async def claim(
        self, *, lease: timedelta, limit: int = MOST_CALLBACKS, finished: Sequence[str] = ()
    ) -> Claim:
        async with self._redis.call():
            self._forget(finished)
            taken = [self._take(batch_id, lease) for batch_id in self._group(lease, limit)]
            left = sum(each.lapses_at is None for each in self._redis.batches.values())
            return Claim(taken, left=left + len([*self._lapsed(lease)]))

    def _group(self, lease: timedelta, limit: int) -> list[str]:
        group: list[str] = []
        size = 0
        for batch_id in [*self._lapsed(lease), *self._pending()]:
            suspect = self._redis.starts.get(batch_id, 0) > 0
            count = len(self._redis.batches[batch_id].callbacks)
            if group and (suspect or size + count > limit):
                break
            group.append(batch_id)
            size += count
            if suspect:
                break
        return group

    def _lapsed(self, lease: timedelta) -> Iterator[str]:
        now = self._clock()
        ends = [(each.lapses_at, batch_id) for batch_id, each in self._redis.batches.items()]
        known = sorted((end, batch_id) for end, batch_id in ends if end is not None)
        return (batch_id for end, batch_id in known if end <= now or end > now + 2 * lease)

    def _pending(self) -> list[str]:
        waiting = [
            (each.accepted_at, batch_id)
            for batch_id, each in self._redis.batches.items()
            if each.lapses_at is None
        ]
        return [batch_id for _, batch_id in sorted(waiting)]

    def _take(self, batch_id: str, lease: timedelta) -> ClaimedBatch:
        batch, starts = self._redis.batches[batch_id], self._redis.starts.get(batch_id, 0)
        batch.lapses_at = self._clock() + lease
        self._redis.starts[batch_id] = starts + 1
        return ClaimedBatch(batch_id, starts, list(batch.callbacks), is_retry(batch_id))

    async def finish(self, batch_ids: Sequence[str]) -> None:
        async with self._redis.call():
            self._forget(batch_ids)

    async def split(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        async with self._redis.call():
            for index, callback in enumerate(callbacks):
                part = part_id(batch_id, index)
                self._redis.batches[part] = Batch([callback], self._clock(), lapses_at=ALREADY)
                self._redis.starts[part] = 1
            self._forget([batch_id])

    async def postpone(self, batch_ids: Sequence[str], *, pause: timedelta) -> None:
        async with self._redis.call():
            for batch_id in batch_ids:
                if batch := self._redis.batches.get(batch_id):
                    batch.lapses_at = self._clock() + pause
                self._redis.starts.pop(batch_id, None)

    async def renew(self, batch_ids: Sequence[str], *, lease: timedelta) -> None:
        async with self._redis.call():
            for batch_id in batch_ids:
                batch = self._redis.batches.get(batch_id)
                if batch and batch.lapses_at is not None:
                    batch.lapses_at = self._clock() + lease

    async def set_aside(self, batch_id: str) -> None:
        raise AssertionError("in memory every batch can be read")

    async def take_back(self, *, after: timedelta) -> int:
        return 0

    async def wake_another(self) -> None:
        async with self._redis.call():
            self._wake()

    async def depth(self) -> int:
        async with self._redis.call():
            return len(self._redis.batches)

    def _wake(self) -> None:
        self._redis.jobs.setdefault("wake", Job(RECORD_WAITING, "", self._clock()))

    def _forget(self, batch_ids: Sequence[str]) -> None:
        for batch_id in batch_ids:
            self._redis.batches.pop(batch_id, None)
            self._redis.starts.pop(batch_id, None)
