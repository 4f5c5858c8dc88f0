"""A dead letter is one per callback, counts its attempts, and goes only once its retry has come through."""

import asyncio
from datetime import timedelta
from uuid import UUID

from domain.model import AcceptedCallback
from tests.support.storage.stores import NOW, callback
from tests.usecases.ports.stores import KeptLetter, PortsOfStore

POISON = callback({"no": "biz_id"})
HOUR = timedelta(hours=1)


async def keep(
    store: PortsOfStore, taken: AcceptedCallback = POISON, *, reason: str = "missing_biz_id", hours: int = 0
) -> UUID:
    return await store.dead_letters.keep(taken, reason=reason, detail=f"at {hours}", now=NOW + hours * HOUR)


async def test_a_letter_shows_its_reason(store: PortsOfStore) -> None:
    await keep(store)
    assert await store.letters() == [KeptLetter("missing_biz_id", "at 0", 1, NOW, NOW, is_under_way=False)]


async def test_the_same_callback_again_is_the_same_letter_with_its_newest_reason(store: PortsOfStore) -> None:
    first = await keep(store)
    assert await keep(store.another(), reason="processing_failed", hours=2) == first
    assert await store.letters() == [
        KeptLetter("processing_failed", "at 2", 2, NOW, NOW + 2 * HOUR, is_under_way=False)
    ]


async def test_the_same_bytes_to_two_apps_are_two_letters(store: PortsOfStore) -> None:
    other = callback({"no": "biz_id"}, app_id="other")
    assert await keep(store) != await keep(store, other, hours=1)
    assert len(await store.letters()) == 2


async def test_from_many_workers_at_once_comes_one_letter(store: PortsOfStore) -> None:
    ids = await asyncio.gather(*(keep(store.another()) for _ in range(20)))
    assert len(set(ids)) == 1
    assert [letter.attempts for letter in await store.letters()] == [20]


async def test_a_retry_that_came_through_ends_the_letter(store: PortsOfStore) -> None:
    letter_id = await keep(store)
    await store.retry(letter_id)
    assert [letter.is_under_way for letter in await store.letters()] == [True]
    await store.dead_letters.forget_retried([letter_id])
    assert await store.letters() == []


async def test_one_that_failed_again_stays_with_its_attempts_and_first_day(store: PortsOfStore) -> None:
    letter_id = await keep(store)
    await store.retry(letter_id)
    await keep(store, reason="bad_biz_id", hours=3)
    await store.dead_letters.forget_retried([letter_id])
    assert await store.letters() == [
        KeptLetter("bad_biz_id", "at 3", 2, NOW, NOW + 3 * HOUR, is_under_way=False)
    ]


async def test_a_letter_that_was_never_retried_is_never_deleted(store: PortsOfStore) -> None:
    letter_id = await keep(store)
    await store.dead_letters.forget_retried([letter_id])
    await store.dead_letters.forget_retried([])
    assert len(await store.letters()) == 1
