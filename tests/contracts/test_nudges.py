"""A browser that came back makes a registered verification of which nothing is heard due, once."""

from datetime import timedelta
from uuid import UUID

from domain.model import verification_id
from domain.records import Registration
from tests.adapters.builders import NOW, biz_id, callback, payload
from tests.contracts.stores import PortsOfStore

MINE = Registration("order-1", NOW, NOW + timedelta(minutes=50))
LATER = NOW + timedelta(minutes=1)


def key(n: int = 1) -> UUID:
    return verification_id("demo", biz_id(n))


async def test_a_silent_registered_one_becomes_due_once(store: PortsOfStore) -> None:
    await store.register(MINE)
    assert await store.nudges.nudge(key(), now=LATER)
    assert (await store.standing()).due_at == LATER
    [due] = await store.claim(after=timedelta(minutes=1), silent=True)
    assert due.registration == Registration("order-1", NOW, MINE.expires_at, nudged_at=LATER)
    assert not await store.nudges.nudge(key(), now=LATER + timedelta(minutes=1))
    assert await store.events() == ["verification.registered", "browser.returned"]


async def test_any_other_one_is_left_alone(store: PortsOfStore) -> None:
    await store.register(MINE, n=1)
    await store.record(callback(payload(1)))
    await store.record(callback(payload(2, status="PROCESSING")))
    await store.register(MINE, n=3)
    await store.due.expire(key(3), fence=1)
    before = [await store.standing(n) for n in (1, 2, 3)]
    for n in (1, 2, 3, 9):
        assert not await store.nudges.nudge(key(n), now=LATER)
    assert [await store.standing(n) for n in (1, 2, 3)] == before
