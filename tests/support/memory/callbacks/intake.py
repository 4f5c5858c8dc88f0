"""The ingress's intake in memory: callbacks go in groups into the inbox, or into a spool while it fails."""

from dataclasses import dataclass, field
from itertools import count

from adapters.redis.client import RedisAway
from adapters.tasks.coalescer import Coalescer
from domain.errors import NotDurable
from domain.model import AcceptedCallback
from tests.support.memory.callbacks.inbox import MemoryInbox


@dataclass
class MemoryIntake:
    """`spool`: batches that wait for the inbox, in order; `is_full`: the disk takes no more of them."""

    inbox: MemoryInbox
    spool: dict[str, list[AcceptedCallback]] = field(default_factory=dict)
    is_full: bool = False

    def __post_init__(self) -> None:
        self._numbers = count()
        self._coalescer = Coalescer[AcceptedCallback, None](self._write, systemic=(NotDurable,))

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable. Raises NotDurable."""
        await self._coalescer.submit(callback)

    def can_accept(self) -> bool:
        """Whether the next callback has a good chance."""
        return not self.is_full

    async def drain(self) -> None:
        """Move what is spooled into the inbox. Raises RedisAway: it fails still."""
        for batch_id, callbacks in list(self.spool.items()):
            await self.inbox.hand_over(batch_id, callbacks)
            del self.spool[batch_id]

    async def _write(self, callbacks: list[AcceptedCallback]) -> list[None]:
        batch_id = f"b{next(self._numbers)}"
        try:
            await self.inbox.hand_over(batch_id, callbacks)
        except RedisAway:
            if self.is_full:
                raise NotDurable("neither inbox nor spool can take it") from None
            # What failed may have been done all the same: the same id again is the same batch.
            self.spool[batch_id] = callbacks
        return [None] * len(callbacks)
