"""A return hint makes a silent, registered verification due, once, and does nothing to any other."""

from datetime import timedelta
from uuid import UUID

from domain.apps.registration import Registration
from domain.model import verification_id
from tests.support.storage.stores import NOW, biz_id, callback, payload
from tests.usecases.ports.stores import PortsOfStore

MINE = Registration("order-1", NOW, NOW + timedelta(minutes=50))
LATER = NOW + timedelta(minutes=1)


async def test_a_silent_registered_one_becomes_due_once(store: PortsOfStore) -> None:
    await store.register(MINE)
    key = verification_id("demo", biz_id())
    assert await store.return_hints.note_return(key, now=NOW)
    assert not await store.return_hints.note_return(key, now=LATER)
    assert (await store.stored_state()).due_at == NOW
    assert (await store.stored_state()).fence == 2, "a worker that was about to postpone it is late"
    assert await store.events() == ["verification.registered", "browser.returned"]
    [due] = await store.claim(silent=True)
    assert due.registration is not None
    assert due.registration.returned_at == NOW


async def test_any_other_one_does_not(store: PortsOfStore) -> None:
    await store.register(MINE)
    await store.record()
    await store.record(callback(payload(2)))
    await store.register(MINE, n=3)
    [silent] = await store.claim(after=timedelta(days=2), silent=True)
    await store.due.expire(silent.lease)
    before = [await store.stored_state(n) for n in (1, 2, 3)]
    for n in (1, 2, 3):
        assert not await store.return_hints.note_return(verification_id("demo", biz_id(n)), now=LATER)
    assert not await store.return_hints.note_return(UUID(int=9), now=LATER)
    assert [await store.stored_state(n) for n in (1, 2, 3)] == before
