"""How many other verifications have an ID number when one of them is decided."""

import asyncio
from datetime import timedelta

import pytest

from domain.policy.facts.facts import Velocity
from domain.verifications.records import Recorded
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.stores import LEASE, NOW, callback, payload
from tests.usecases.ports.stores import PortsOfStore

OTHER = "11010519491231002X"
NONE, ONE = Velocity(0, 0), Velocity(1, 1)


async def recorded(store: PortsOfStore, n: int, *, app_id: str = "demo") -> Recorded:
    return await store.record(callback(payload(n), app_id=app_id))


async def test_the_verification_itself_is_not_counted(store: PortsOfStore) -> None:
    mine = await recorded(store, 1)
    for _ in range(2):
        assert await store.velocity.count(mine.lease, ID_NUMBER, at=NOW) == NONE


async def test_others_count_from_their_decision_on(store: PortsOfStore) -> None:
    first, second = await recorded(store, 1), await recorded(store, 2)
    assert await store.velocity.count(second.lease, OTHER, at=NOW) == NONE
    assert await store.decide(first, tree=payload(1))
    assert await store.velocity.count(second.lease, ID_NUMBER, at=NOW) == ONE


async def test_one_number_however_it_is_written(store: PortsOfStore) -> None:
    first, second = await recorded(store, 1), await recorded(store, 2)
    await store.velocity.count(first.lease, "110105491231002", at=NOW)
    assert await store.velocity.count(second.lease, "１１０１０５１９４９１２３１００２ｘ", at=NOW) == ONE


async def test_another_number_and_another_app_do_not_count(store: PortsOfStore) -> None:
    for n, app_id, number in ((1, "demo", OTHER), (2, "other", ID_NUMBER)):
        each = await recorded(store, n, app_id=app_id)
        await store.velocity.count(each.lease, number, at=NOW)
    mine = await recorded(store, 3)
    assert await store.velocity.count(mine.lease, ID_NUMBER, at=NOW) == NONE


@pytest.mark.parametrize(
    ("before", "counted"),
    [
        (timedelta(seconds=-1), Velocity(1, 1)),
        (timedelta(hours=24), Velocity(1, 1)),
        (timedelta(hours=24, microseconds=1), Velocity(1, 0)),
        (timedelta(days=30), Velocity(1, 0)),
        (timedelta(days=30, microseconds=1), Velocity(0, 0)),
    ],
)
async def test_each_count_has_its_time(store: PortsOfStore, before: timedelta, counted: Velocity) -> None:
    first, second = await recorded(store, 1), await recorded(store, 2)
    await store.velocity.count(first.lease, ID_NUMBER, at=NOW - before)
    assert await store.velocity.count(second.lease, ID_NUMBER, at=NOW) == counted


async def test_of_many_at_once_nobody_is_overlooked(store: PortsOfStore) -> None:
    cases = [await recorded(store, n) for n in range(20)]
    counts = await asyncio.gather(
        *(store.another().velocity.count(each.lease, ID_NUMBER, at=NOW) for each in cases)
    )
    # However they came in turn: at least one of each two counts the other.
    assert all(each is not None for each in counts)
    assert sum(each.attempts_24h for each in counts if each) >= 20 * 19 // 2
    assert sorted(each.attempts_24h for each in counts if each)[-1] == 19


@pytest.mark.parametrize("text", ["", " \u200b "])
async def test_what_is_no_number_has_no_count(store: PortsOfStore, text: str) -> None:
    assert await store.velocity.count((await recorded(store, 1)).lease, text, at=NOW) is None


async def test_a_worker_without_the_lease_indexes_nothing(store: PortsOfStore) -> None:
    late, other = await recorded(store, 1), await recorded(store, 2)
    claimed = await store.claim(after=LEASE)
    assert claimed
    await store.velocity.count(late.lease, ID_NUMBER, at=NOW)
    assert await store.velocity.count(other.lease, ID_NUMBER, at=NOW) == NONE
