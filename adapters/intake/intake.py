"""The ingress's storage of callbacks: the inbox or, while that is unavailable, the spool."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from adapters.intake.inbox import encode_batch
from adapters.intake.inbox_gate import InboxGate
from adapters.intake.spool.drainer import Drainer
from adapters.intake.spool.spool import Spool
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from adapters.tasks.background import end_tasks
from adapters.tasks.coalescer import Coalescer
from domain.errors import NotDurable, SpoolBroken, SpoolRefused
from domain.limits.circuit import CircuitState
from domain.model import AcceptedCallback

MAX_BATCH: Final = 64

PACE: Final = 0.003
"""Seconds from one write to the next, unless `ENOUGH` callbacks wait. After a pause nothing waits."""
ENOUGH: Final = 16

log = structlog.get_logger(__name__)


class IntakeStatus(msgspec.Struct, frozen=True):
    """The state of one process's intake. Sizes are in bytes; `waiting` counts callbacks."""

    can_accept: bool
    circuit: CircuitState
    redis_full: bool
    waiting: int
    spool_bytes: int
    spool_bad_bytes: int
    spool_writable: bool
    spool_oldest_seconds: float


class DurableIntake:
    """Groups callbacks into batches and returns once a batch is as durable as configured.

    `on_broken` is called when the spool's disk has failed and the process has to end.
    """

    def __init__(
        self,
        gate: InboxGate,
        *,
        keys: KeyRing,
        spool: Spool | None,
        drain_rate: float,
        max_waiting: int,
        on_broken: Callable[[], None],
    ) -> None:
        self._gate = gate
        self._keys = keys
        self._spool = spool
        self._drainer = None if spool is None else Drainer(spool, gate, rate=drain_rate)
        self._draining: asyncio.Task[None] | None = None
        self._max_waiting = max_waiting
        self._on_broken = on_broken
        self._coalescer = Coalescer[AcceptedCallback, None](
            self._write, max_items=MAX_BATCH, systemic=(NotDurable,), pace=PACE, enough=ENOUGH
        )

    async def start(self) -> None:
        """Check whether Redis can be used, and start to drain what an earlier process left."""
        await self._gate.watch.start()
        if self._drainer is not None:
            self._draining = asyncio.create_task(self._drainer.run())

    async def accept(self, callback: AcceptedCallback) -> None:
        """Return once `callback` is durable.

        Raises:
            NotDurable: neither inbox nor spool stored it in time, or too many callbacks wait already.
        """
        if self._coalescer.waiting >= self._max_waiting:
            raise NotDurable("too many callbacks wait")
        await self._coalescer.submit(callback)

    def can_accept(self) -> bool:
        """Whether the next callback will probably be accepted."""
        return self._gate.usable or (self._spool is not None and self._spool.can_accept())

    def status(self) -> IntakeStatus:
        """The current state, without any I/O."""
        return IntakeStatus(
            can_accept=self.can_accept(),
            circuit=self._gate.watch.state,
            redis_full=self._gate.watch.full,
            waiting=self._coalescer.waiting,
            spool_bytes=0 if self._spool is None else self._spool.size,
            spool_bad_bytes=0 if self._spool is None else self._spool.bytes_aside,
            spool_writable=self._spool is None or self._spool.writable,
            spool_oldest_seconds=self._spool_age(),
        )

    def _spool_age(self) -> float:
        oldest_ms = None if self._spool is None else self._spool.oldest_ms
        return 0 if oldest_ms is None else max(time.time() - oldest_ms / 1000, 0)

    async def aclose(self) -> None:
        """Finish the writes in progress. Batches in the spool stay there."""
        if self._draining is not None:
            await end_tasks(self._draining)
        await self._coalescer.aclose()
        await self._gate.aclose()
        if self._spool is not None:
            await self._spool.aclose()

    async def _write(self, callbacks: list[AcceptedCallback]) -> list[None]:
        batch_id = new_batch_id(len(callbacks))
        sealed = encode_batch(batch_id, callbacks, keys=self._keys)
        # A write that timed out may have succeeded, so the batch goes to the spool with the same id.
        if not await self._gate.put(batch_id, sealed):
            await self._spool_batch(batch_id, sealed, count=len(callbacks))
        return [None] * len(callbacks)

    async def _spool_batch(self, batch_id: str, sealed: bytes, *, count: int) -> None:
        if self._spool is None:
            raise NotDurable("Redis cannot take it and there is no spool")
        try:
            written = await self._spool.put(batch_id, sealed)
        except SpoolRefused as error:
            raise NotDurable("neither Redis nor the spool can take it") from error
        except SpoolBroken as error:
            # Once: later groups fail without touching the disk.
            if error.__cause__ is not None:
                log.critical("spool.failed", error=type(error.__cause__).__name__, detail=str(error))
                self._on_broken()
            raise NotDurable("the spool's disk has failed") from error
        log.info("spool.written", batch_id=batch_id, callbacks=count, bytes=written)
