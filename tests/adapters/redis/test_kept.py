"""Transactions on one kept connection: every reply is read, and a lost connection is opened again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import BlockingConnectionPool, Redis

from adapters.redis.client import RedisAway
from adapters.redis.kept import KeptConnection


@pytest.fixture
async def kept(redis_pool: BlockingConnectionPool, redis: Redis) -> AsyncIterator[KeptConnection]:
    """On an empty Redis."""
    kept = KeptConnection(redis_pool)
    yield kept
    await kept.close()


async def clients_other_than(redis: Redis, known: set[int]) -> list[int]:
    return [int(each["id"]) for each in await redis.client_list() if int(each["id"]) not in known]


async def test_the_commands_are_executed_on_one_connection(kept: KeptConnection, redis: Redis) -> None:
    known = {int(each["id"]) for each in await redis.client_list()}
    for number in range(3):
        await kept.transact([("SET", "a", number), ("ZADD", "b", number, "c")])
    assert (await redis.get("a"), await redis.zscore("b", "c")) == (b"2", 2)
    assert len(await clients_other_than(redis, known)) == 1


async def test_a_lost_connection_is_opened_again(kept: KeptConnection, redis: Redis) -> None:
    known = {int(each["id"]) for each in await redis.client_list()}
    await kept.transact([("SET", "a", 1)])
    [client] = await clients_other_than(redis, known)
    await redis.client_kill_filter(_id=str(client))
    await kept.transact([("SET", "a", 2)])
    assert await redis.get("a") == b"2"


@pytest.mark.parametrize("commands", [[("SET", "a")], [("ZADD", "text", 1, "b")]], ids=["queued", "executed"])
async def test_a_refused_command_leaves_no_reply_behind(
    kept: KeptConnection, redis: Redis, commands: list[tuple[str | int, ...]]
) -> None:
    await redis.set("text", "")
    with pytest.raises(RedisAway):
        await kept.transact([*commands, ("SET", "b", 1)])
    await kept.transact([("SET", "a", 1)])
    assert await redis.get("a") == b"1"


async def test_a_cancelled_transaction_closes_the_connection(kept: KeptConnection, redis: Redis) -> None:
    await kept.transact([("SET", "a", 1)])
    late = asyncio.create_task(kept.transact([("SET", "a", 2)]))
    await asyncio.sleep(0)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    await kept.transact([("SET", "a", 3), ("SET", "b", 3)])
    assert (await redis.get("a"), await redis.get("b")) == (b"3", b"3")
