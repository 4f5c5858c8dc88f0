"""A message about the same thing is one message, however often it is sent."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.contracts.queues import PortsOfRedis


async def test_the_same_attempt_twice_is_one_message_and_another_attempt_is_another(
    queue: PortsOfRedis,
) -> None:
    for _ in range(2):
        await queue.messenger.enqueue("b1")
    assert await queue.messenger.depth() == 1
    await queue.messenger.enqueue("b1", attempt=1)
    assert await queue.messenger.depth() == 2


async def test_the_same_look_twice_is_one_message_and_another_moment_is_another(queue: PortsOfRedis) -> None:
    at = datetime.now(UTC) + timedelta(minutes=3)
    for _ in range(2):
        await queue.messenger.settle_at(UUID(int=7), at)
    assert await queue.messenger.depth() == 1
    await queue.messenger.settle_at(UUID(int=7), at + timedelta(seconds=1))
    await queue.messenger.settle_at(UUID(int=8), at)
    assert await queue.messenger.depth() == 3
