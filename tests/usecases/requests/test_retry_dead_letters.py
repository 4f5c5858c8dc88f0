"""Retries: in batches, past what no key opens, once each however many retry; attempts survive."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from adapters.intake.inbox import RedisInbox
from adapters.sealing.batch_ids import is_retry
from adapters.sealing.envelope import KeyRing, place_of
from domain.errors import BrokenSeal, NoSuchLetter, RedisFull
from domain.limits.memory_room import MEMORY_RULES, MemoryRules
from domain.model import AcceptedCallback
from domain.views.letters import LetterFilter
from tests.support.storage.actors import AN_ACTOR
from tests.support.storage.stores import NOW, Clock, Store, callback, payload
from tests.support.workers.batches import stored_batches
from usecases.requests.retry_dead_letters import MAX_BATCH, DeadLetterRetries, Retried

SECOND = timedelta(seconds=1)
ALL = LetterFilter()


class Inbox(RedisInbox):
    """The inbox, with something that happens right after a batch was written."""

    async def hand_over_sealed(self, batch_id: str, sealed: bytes) -> None:
        await super().hand_over_sealed(batch_id, sealed)
        await self.after_put()

    async def after_put(self) -> None:
        pass


@pytest.fixture
def written(redis: Redis, keys: KeyRing) -> Inbox:
    return Inbox(redis, keys=keys)


@pytest.fixture
async def retries(store: Store, written: Inbox) -> DeadLetterRetries:
    clock = Clock(NOW + timedelta(hours=1))
    return DeadLetterRetries(store.dead_letters, inbox=written, memory_rules=MEMORY_RULES, clock=clock)


async def keep(store: Store, n: int, *, reason: str = "r", seconds: int | None = None) -> UUID:
    now = NOW + (n if seconds is None else seconds) * SECOND
    return await store.dead_letters.keep(callback(payload(n)), reason=reason, detail="", now=now)


async def batches(redis: Redis, keys: KeyRing) -> list[list[AcceptedCallback]]:
    """The content of the inbox."""
    found = await stored_batches(redis, keys)
    assert all(map(is_retry, found))
    return list(found.values())


async def test_many_letters_go_in_few_batches_oldest_first(
    store: Store, retries: DeadLetterRetries, redis: Redis, keys: KeyRing
) -> None:
    count = MAX_BATCH + 6
    for n in range(count):
        await keep(store, n)
    assert await retries.retry_all(ALL, limit=1000, actor=AN_ACTOR) == Retried(count, 0, 0)
    found = sorted(await batches(redis, keys), key=len)
    assert [len(batch) for batch in found] == [6, MAX_BATCH]
    assert [each for batch in reversed(found) for each in batch] == [
        callback(payload(n)) for n in range(count)
    ]


async def test_letters_that_no_key_decrypts_delay_no_other(store: Store, retries: DeadLetterRetries) -> None:
    other = Store(store.engine, KeyRing([b"o" * 32]))
    sealed = [await keep(other, n) for n in range(5)]
    await keep(store, 9)
    assert await retries.retry_all(ALL, limit=1, actor=AN_ACTOR) == Retried(1, 5, remaining=5)
    assert [letter.id for letter in await store.letters()] == sealed[::-1]


async def test_a_letter_packed_by_a_newer_version_delays_no_other(
    store: Store, retries: DeadLetterRetries, keys: KeyRing
) -> None:
    newer = await keep(store, 1)
    await keep(store, 2)
    key, wrapped = keys.new_data_key(place=place_of("demo", "dead_letters.wrapped_key", newer))
    sealed = key.seal(msgspec.msgpack.encode({"v": 2}), place=place_of("demo", "dead_letters.raw_ct", newer))
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE dead_letters SET wrapped_key = :wrapped, raw_ct = :sealed WHERE id = :id"),
            {"wrapped": wrapped, "sealed": sealed, "id": newer},
        )
    with pytest.raises(BrokenSeal):
        await retries.retry_one(newer, None, actor=AN_ACTOR)
    assert await retries.retry_all(ALL, limit=5, actor=AN_ACTOR) == Retried(1, 1, remaining=1)


async def test_two_that_retry_at_once_take_different_letters(
    store: Store, retries: DeadLetterRetries, redis: Redis, keys: KeyRing
) -> None:
    for n in range(40):
        await keep(store, n)
    done = await asyncio.gather(*(retries.retry_all(ALL, limit=10, actor=AN_ACTOR) for _ in range(4)))
    assert [each.retried for each in done] == [10] * 4
    retried = [each.data for batch in await batches(redis, keys) for each in batch]
    assert len(retried) == len(set(retried)) == 40


async def test_a_letter_that_fails_again_keeps_its_attempts_and_first_day(
    store: Store, retries: DeadLetterRetries
) -> None:
    key = await keep(store, 1)
    for again in (1, 2):
        await retries.retry_one(key, None, actor=AN_ACTOR)
        assert await store.letters() == []
        await keep(store, 1, reason="again", seconds=again * 60)
    [letter] = await store.letters()
    assert (letter.attempts, letter.reason, letter.retried_at) == (3, "again", None)
    assert letter.first_seen_at == NOW + SECOND
    assert letter.last_seen_at == NOW + 120 * SECOND


async def test_a_callback_that_fails_before_the_retry_has_ended_is_a_letter_again(
    store: Store, retries: DeadLetterRetries, written: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await keep(store, 1)
    failing: list[asyncio.Task[UUID]] = []

    async def fail_at_once() -> None:
        failing.append(asyncio.create_task(keep(store, 1, seconds=60)))
        await _waits_for_a_lock(store)

    monkeypatch.setattr(written, "after_put", fail_at_once)
    await retries.retry_one(key, None, actor=AN_ACTOR)
    await failing[0]
    [letter] = await store.letters()
    assert (letter.attempts, letter.retried_at) == (2, None)


async def test_a_callback_that_is_recorded_before_the_retry_has_ended_is_no_letter_any_more(
    store: Store, retries: DeadLetterRetries, written: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await keep(store, 1)
    forgetting: list[asyncio.Task[None]] = []

    async def come_through_at_once() -> None:
        forgetting.append(asyncio.create_task(store.dead_letters.forget_retried([key])))
        await _waits_for_a_lock(store)

    monkeypatch.setattr(written, "after_put", come_through_at_once)
    await retries.retry_one(key, None, actor=AN_ACTOR)
    await forgetting[0]
    assert await store.rows("SELECT count(*) FROM dead_letters") == [(0,)]


async def test_in_one_call_nothing_is_retried_twice(
    store: Store, retries: DeadLetterRetries, written: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(MAX_BATCH + 1):
        await keep(store, n)
    failing: list[asyncio.Task[UUID]] = []

    async def fail_again_later() -> None:
        # The retry's clock does not advance: what fails now is seen after it began.
        failing.append(asyncio.create_task(keep(store, 1, seconds=7200)))

    monkeypatch.setattr(written, "after_put", fail_again_later)
    done = await retries.retry_all(ALL, limit=1000, actor=AN_ACTOR)
    await asyncio.gather(*failing)
    assert done.retried == MAX_BATCH + 1


async def test_without_redis_nothing_is_marked(
    store: Store, retries: DeadLetterRetries, written: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise ConnectionError

    monkeypatch.setattr(written, "after_put", away)
    key = await keep(store, 1)
    with pytest.raises(ConnectionError):
        await retries.retry_one(key, None, actor=AN_ACTOR)
    with pytest.raises(ConnectionError):
        await retries.retry_all(ALL, limit=5, actor=AN_ACTOR)
    assert len(await store.letters()) == 1


@pytest.fixture
async def limited(redis: Redis) -> AsyncIterator[None]:
    """A Redis whose limit is reached."""
    await redis.config_set("maxmemory", "1mb")
    yield
    await redis.config_set("maxmemory", "0")


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("rules", [MEMORY_RULES, MemoryRules(high_water=1024**3, share=100)])
async def test_without_room_in_redis_nothing_is_marked_or_written(
    store: Store, written: Inbox, redis: Redis, rules: MemoryRules
) -> None:
    """With the second rules only the write itself finds that there is no room."""
    retries = DeadLetterRetries(
        store.dead_letters, inbox=written, memory_rules=rules, clock=lambda: NOW + timedelta(hours=1)
    )
    key = await keep(store, 1)
    with pytest.raises(RedisFull):
        await retries.retry_one(key, None, actor=AN_ACTOR)
    with pytest.raises(RedisFull) as caught:
        await retries.retry_all(ALL, limit=5, actor=AN_ACTOR)
    assert caught.value.retried == 0
    assert [letter.id for letter in await store.letters()] == [key]
    assert await redis.keys("*") == []


@pytest.mark.usefixtures("limited")
async def test_letters_retried_before_redis_was_full_stay_retried(
    store: Store, retries: DeadLetterRetries, written: Inbox, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redis.config_set("maxmemory", "0")
    for n in range(MAX_BATCH + 3):
        await keep(store, n)

    async def fill() -> None:
        await redis.config_set("maxmemory", "1mb")

    monkeypatch.setattr(written, "after_put", fill)
    with pytest.raises(RedisFull) as caught:
        await retries.retry_all(ALL, limit=1000, actor=AN_ACTOR)
    assert caught.value.retried == MAX_BATCH
    assert len(await store.letters()) == 3
    await redis.config_set("maxmemory", "0")
    assert await retries.retry_all(ALL, limit=1000, actor=AN_ACTOR) == Retried(3, 0, 0)


async def test_a_recorded_letter_is_forgotten_and_one_that_failed_again_is_not(
    store: Store, retries: DeadLetterRetries
) -> None:
    through, failed = await keep(store, 1), await keep(store, 2)
    await retries.retry_all(ALL, limit=5, actor=AN_ACTOR)
    await keep(store, 2, seconds=60)
    await store.dead_letters.forget_retried([through, failed])
    assert await store.letters(retried=True) == []
    assert [letter.id for letter in await store.letters()] == [failed]


async def test_a_letter_of_other_apps_is_not_retried(store: Store, retries: DeadLetterRetries) -> None:
    key = await keep(store, 1)
    with pytest.raises(NoSuchLetter):
        await retries.retry_one(key, ["other"], actor=AN_ACTOR)
    assert await store.letters(retried=True) == []


async def _waits_for_a_lock(store: Store) -> None:
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(10), store.engine.connect() as connection:
        while not await connection.scalar(query):
            await asyncio.sleep(0.01)
