"""The content of the inbox, read without the workers' code."""

from redis.asyncio import Redis

from adapters.intake.inbox import decode_batch
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.envelope import KeyRing
from domain.model import AcceptedCallback


async def stored_batches(
    redis: Redis, keys: KeyRing, *, names: RedisNames = DEFAULT_NAMES
) -> dict[str, list[AcceptedCallback]]:
    """Every batch that waits or is claimed, oldest first."""
    ids = [*await redis.zrange(names.pending, 0, -1), *await redis.zrange(names.claimed, 0, -1)]
    sealed = {each.decode(): await redis.get(names.batch + each.decode()) for each in ids}
    # A worker may have finished a batch since its id was read.
    left = {batch_id: packed for batch_id, packed in sealed.items() if packed is not None}
    return {batch_id: decode_batch(batch_id, packed, keys=keys) for batch_id, packed in left.items()}


async def batches_left(redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> int:
    """How many batches wait or are claimed."""
    return int(await redis.zcard(names.pending)) + int(await redis.zcard(names.claimed))
