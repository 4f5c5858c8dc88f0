"""Redis pub/sub: hints between processes. Messages may get lost, so nothing may depend on them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from redis.asyncio import Redis

from adapters.redis.client import REDIS_ERRORS

_RETRY_AFTER: Final = 1.0

log = structlog.get_logger(__name__)


async def _nothing() -> None:
    pass


async def listen(
    redis: Redis,
    channel: str,
    take: Callable[[bytes], None],
    *,
    subscribed: Callable[[], Awaitable[None]] = _nothing,
) -> None:
    """Call `take` with every message of a channel until cancelled; reconnect when Redis is back.

    `subscribed` runs after every subscription, to catch up on messages missed before it.
    """
    is_interrupted = False

    async def listens() -> None:
        nonlocal is_interrupted
        is_interrupted = False
        await subscribed()

    while True:
        try:
            await _listen_once(redis, channel, take, listens)
        except (*REDIS_ERRORS, ValueError) as error:  # ValueError: a foreign message
            if not is_interrupted:
                log.warning("announcements.interrupted", detail=channel, error=type(error).__name__)
            is_interrupted = True
            await asyncio.sleep(_RETRY_AFTER)


async def _listen_once(
    redis: Redis, channel: str, take: Callable[[bytes], None], subscribed: Callable[[], Awaitable[None]]
) -> None:
    async with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(channel)
        await subscribed()
        while True:
            message = await subscription.get_message(timeout=_RETRY_AFTER)
            if message is not None:
                take(message["data"])
