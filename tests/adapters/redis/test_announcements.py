"""Announcements wake the waiters for a verification; nothing depends on them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from adapters.redis import pubsub
from adapters.redis.announcements import Announcements, Announcer
from adapters.redis.client import create_redis_pool
from adapters.redis.names import DEFAULT_NAMES
from adapters.tasks.background import end_tasks
from devstack.waiting import until


@pytest.fixture
async def announcements(redis: Redis) -> AsyncIterator[Announcements]:
    """Announcements that are being listened to."""
    announcements = Announcements(redis)
    listening = asyncio.create_task(announcements.listen())
    await until(lambda: listened_to(redis))
    yield announcements
    await end_tasks(listening)


async def listened_to(redis: Redis) -> bool:
    [(_, listeners)] = await redis.pubsub_numsub(DEFAULT_NAMES.decided)
    return int(listeners) > 0


async def unheard(redis: Redis) -> bool:
    return not await listened_to(redis)


async def woken(event: asyncio.Event, *, patience: float = 5) -> None:
    await asyncio.wait_for(event.wait(), patience)


async def test_only_waiters_for_the_verification_are_woken(
    announcements: Announcements, redis: Redis
) -> None:
    mine, other = uuid4(), uuid4()
    with (
        announcements.expect([mine]) as first,
        announcements.expect([other, mine]) as second,
        announcements.expect([other]) as third,
    ):
        await Announcer(redis).announce(mine)
        await woken(first)
        await woken(second)
        assert not third.is_set()
        await Announcer(redis).announce(other)
        await woken(third)


async def test_many_at_once_go_in_one_message_for_each_channel(
    announcements: Announcements, redis: Redis
) -> None:
    ids = [uuid4() for _ in range(40)]
    announcer = Announcer(redis)
    with contextlib.ExitStack() as waiting:
        events = [waiting.enter_context(announcements.expect([each])) for each in ids]
        before = await commands(redis)
        await asyncio.gather(*(announcer.announce(each) for each in ids))
        await asyncio.gather(*(woken(event) for event in events))
    assert await commands(redis) == before + 2, "one on each channel: decisions, and the event log"


async def commands(redis: Redis) -> int:
    stats = await redis.info("commandstats")
    return int(stats.get("cmdstat_publish", {"calls": 0})["calls"])


async def test_after_the_block_no_waiter_is_remembered(announcements: Announcements, redis: Redis) -> None:
    mine = uuid4()
    with announcements.expect([mine, uuid4()]) as event:
        pass
    with announcements.expect([mine]) as later:
        await Announcer(redis).announce(mine)
        await woken(later)
    assert not event.is_set()
    assert not announcements._waiters


async def test_a_cut_connection_is_made_again(announcements: Announcements, redis: Redis) -> None:
    mine = uuid4()
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: unheard(redis))
    await until(lambda: listened_to(redis))
    with announcements.expect([mine]) as event:
        await Announcer(redis).announce(mine)
        await woken(event)


async def test_announcing_to_an_unavailable_redis_raises_nothing(free_port: int) -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{free_port}/0", timeout=timedelta(milliseconds=200))
    await Announcer(Redis(connection_pool=pool)).announce(uuid4())
    await pool.disconnect()


async def test_a_strange_message_ends_nothing(announcements: Announcements, redis: Redis) -> None:
    mine = uuid4()
    await redis.publish(DEFAULT_NAMES.decided, b"strange")
    with announcements.expect([mine]) as event:
        await Announcer(redis).announce(mine)
        await woken(event, patience=0.5)


async def test_an_outage_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "_RETRY_AFTER", 0.01)
    tries = 0

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        tries += 1
        writer.close()

    async def tried_often() -> bool:
        return tries > 5

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = create_redis_pool(f"redis://127.0.0.1:{port}/0", timeout=timedelta(milliseconds=200))
    with capture_logs() as logs:
        listening = asyncio.create_task(Announcements(Redis(connection_pool=pool)).listen())
        await until(tried_often)
        await end_tasks(listening)
    await pool.disconnect()
    server.close()
    assert [(line["event"], line["detail"]) for line in logs] == [
        ("announcements.interrupted", DEFAULT_NAMES.decided)
    ]
