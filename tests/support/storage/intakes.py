"""An intake on a real Redis and a real folder, a Valkey that tests may stop, and the content of both."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis

from adapters.intake.inbox import RedisInbox, decode_batch
from adapters.intake.inbox_gate import InboxGate
from adapters.intake.intake import DurableIntake
from adapters.intake.spool.disk import Disk
from adapters.intake.spool.folder import ASIDE, SUFFIX
from adapters.intake.spool.frames import scan_frames
from adapters.intake.spool.spool import Spool
from adapters.redis.client import create_redis_pool
from adapters.redis.durability import Durability
from adapters.redis.watch import RedisWatch
from adapters.sealing.envelope import KeyRing
from devstack import servers
from devstack.keeper import Keeper
from domain.limits.memory_room import MEMORY_RULES, MemoryRules
from domain.model import AcceptedCallback
from tests.support.workers.batches import stored_batches

QUICK = timedelta(milliseconds=200)
ROOMY = 1024**3


class Ingress:
    """An intake with everything it needs; `broken` notes that its process would have to end."""

    def __init__(
        self,
        pool: BlockingConnectionPool,
        keys: KeyRing,
        *,
        folder: Path | None = None,
        durability: Durability = "fsync",
        timeout: timedelta = timedelta(seconds=5),
        memory_rules: MemoryRules = MEMORY_RULES,
        spool_max_bytes: int = ROOMY,
        max_waiting: int = 2048,
        disk: Disk | None = None,
    ) -> None:
        self.redis = Redis(connection_pool=pool)
        self.inbox = RedisInbox(self.redis, keys=keys)
        self.keys = keys
        self.folder = folder
        self.broken = False
        self.spool = None if folder is None else Spool.open(folder, max_bytes=spool_max_bytes, disk=disk)
        self.watch = RedisWatch(self.redis, durability=durability, timeout=timeout, memory_rules=memory_rules)
        self.intake = DurableIntake(
            InboxGate(self.redis, self.watch, timeout=timeout),
            keys=keys,
            spool=self.spool,
            drain_rate=10_000,
            max_waiting=max_waiting,
            on_broken=self._break,
        )

    def _break(self) -> None:
        self.broken = True

    async def __aenter__(self) -> "Ingress":
        await self.intake.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.intake.aclose()

    async def in_inbox(self) -> list[AcceptedCallback]:
        """Every callback in Redis, batches in the order in which they were put."""
        batches = await stored_batches(self.redis, self.keys)
        return [each for batch in batches.values() for each in batch]

    def in_spool(self) -> list[AcceptedCallback]:
        """Every callback in a segment of the folder, whichever process owns it."""
        assert self.folder is not None
        return spooled(self.folder, self.keys)

    async def drained(self) -> bool:
        assert self.spool is not None
        return self.spool.size == 0 and not self.in_spool()


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/*{SUFFIX}"))


def set_aside(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/*{ASIDE}"))


def spooled(folder: Path, keys: KeyRing) -> list[AcceptedCallback]:
    frames = [frame for file in segments(folder) for frame in scan_frames(file.read_bytes()).frames]
    return [each for frame in frames for each in decode_batch(frame.batch_id, frame.sealed, keys=keys)]


@asynccontextmanager
async def own_valkey(folder: Path) -> AsyncIterator[tuple[Keeper, str]]:
    """A Valkey that a test may stop or kill; killed, it is started again at once."""
    keeper = Keeper(lambda: None)
    spec = servers.valkey(folder, env=dict(os.environ))
    try:
        await keeper.start(spec)
        yield keeper, spec.url
    finally:
        await keeper.stop()


@asynccontextmanager
async def pool_on(url: str) -> AsyncIterator[BlockingConnectionPool]:
    pool = create_redis_pool(url, timeout=QUICK)
    yield pool
    await pool.disconnect()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing inside the block, as if its machine hung."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def timed(ingress: Ingress, callbacks: list[AcceptedCallback], *, at_once: int) -> list[float]:
    """Accept all, with a limit at once; returns how long each took, in seconds."""
    loop, waiting = asyncio.get_running_loop(), iter(callbacks)
    took: list[float] = []

    async def send() -> None:
        for callback in waiting:
            started = loop.time()
            await ingress.intake.accept(callback)
            took.append(loop.time() - started)

    await asyncio.gather(*(send() for _ in range(at_once)))
    return took
