"""Requests for a pull are decided under the verification's lock: of many at once, one is granted."""

import asyncio
from datetime import timedelta

from domain.apps.registration import Registration
from domain.model import verification_id
from domain.pulls.request import Refusal
from tests.support.storage.actors import A_ROW
from tests.support.storage.stores import LEASE, NOW, OPERATORS_RULES, biz_id, callback, finished, payload
from tests.usecases.ports.stores import PortsOfStore

LATER = NOW + timedelta(minutes=5)
ID = verification_id("demo", biz_id())


async def test_a_granted_request_makes_it_due_and_is_on_the_timeline(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.due.postpone(recorded.lease, until=NOW + timedelta(hours=9))
    assert await store.pull_requests.ask(ID, now=LATER, by="night shift", audit=A_ROW) is None
    assert await store.events() == ["callback.received", "pull.requested"]
    [due] = await store.claim(after=LATER - NOW)
    assert due.asked_at == LATER


async def test_of_many_at_once_one_is_granted(store: PortsOfStore) -> None:
    await store.record()
    ends = await asyncio.gather(
        *(store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) for _ in range(12))
    )
    assert ends.count(None) == 1
    assert [end for end in ends if end is not None] == [Refusal("pull_too_early", LATER)] * 11
    assert (await store.events()).count("pull.requested") == 1


async def test_a_current_lease_cannot_undo_the_request(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.due.postpone(recorded.lease, until=LATER)
    [looking] = await store.claim(after=LATER - NOW)
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) is None
    await store.due.postpone(looking.lease, until=LATER + timedelta(hours=9))
    await store.due.expire(looking.lease)
    assert not await store.ledger.reserve(looking.lease, 1, now=LATER)
    [due] = await store.claim(after=LATER - NOW)
    assert due.asked_at == LATER


async def test_a_call_under_way_is_waited_for(store: PortsOfStore) -> None:
    recorded = await store.record()
    assert await store.reserve(recorded, 1, now=LATER)
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) == Refusal(
        "pull_too_early", LATER + LEASE
    )
    await store.ledger.finish(finished(recorded, 1))
    after = LATER + OPERATORS_RULES.spacing
    assert await store.pull_requests.ask(ID, now=after, by="x", audit=A_ROW) is None


async def test_a_refused_request_changes_nothing(store: PortsOfStore) -> None:
    await store.record(callback(payload(status="PROCESSING")))
    before = await store.stored_state()
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) == Refusal("flow_not_ended")
    assert await store.stored_state() == before
    assert await store.events() == ["callback.received"]


async def test_a_held_one_must_be_registered_first(store: PortsOfStore) -> None:
    await store.record(awaits_registration=True)
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) == Refusal("not_registered")
    await store.register(Registration("order-1", NOW, NOW + timedelta(minutes=50)))
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) is None


async def test_a_silent_one_can_be_asked_for_from_its_tokens_end_on(store: PortsOfStore) -> None:
    await store.register(Registration("order-1", NOW, NOW + timedelta(minutes=5)))
    early = await store.pull_requests.ask(ID, now=LATER - timedelta(seconds=1), by="x", audit=A_ROW)
    assert early == Refusal("flow_not_ended", LATER)
    assert await store.pull_requests.ask(ID, now=LATER, by="x", audit=A_ROW) is None
