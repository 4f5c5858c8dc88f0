"""Calls are reserved before they are sent, by one caller each, and their answers are kept."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from domain.pulls.budget import Pull, PullState
from domain.verifications.records import Recorded
from tests.support.storage.stores import NOW, callback, finished, payload
from tests.usecases.ports.stores import PortsOfStore

LATER = NOW + timedelta(minutes=2)
RESERVED, DONE, NOT_SENT, UNKNOWN = PullState.RESERVED, PullState.DONE, PullState.NOT_SENT, PullState.UNKNOWN


@pytest.fixture
async def recorded(store: PortsOfStore) -> Recorded:
    return await store.record()


async def answer(store: PortsOfStore, recorded: Recorded) -> bytes | None:
    return await store.ledger.answer_of(recorded.lease)


async def test_a_new_verification_has_an_empty_ledger(store: PortsOfStore, recorded: Recorded) -> None:
    assert await store.ledger.of(recorded.verification_id) == []
    assert await answer(store, recorded) is None


async def test_a_reserved_call_is_on_the_ledger(store: PortsOfStore, recorded: Recorded) -> None:
    assert await store.reserve(recorded, 1)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, RESERVED, NOW)]


@pytest.mark.parametrize("state", [RESERVED, DONE, UNKNOWN])
async def test_a_reserved_or_spent_call_is_not_given_away_again(
    store: PortsOfStore, recorded: Recorded, state: PullState
) -> None:
    await store.reserve(recorded, 1)
    if state is not RESERVED:
        await store.ledger.finish(finished(recorded, 1, state=state))
    assert not await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, state, NOW)]


async def test_a_call_that_was_not_sent_can_be_used_again(store: PortsOfStore, recorded: Recorded) -> None:
    await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1, state=NOT_SENT, http_status=None))
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, NOT_SENT, NOW)]
    assert await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, RESERVED, LATER)]


@pytest.mark.parametrize("not_sent", [False, True], ids=["a new call", "one that was not sent"])
async def test_of_fifty_processes_one_gets_the_call(
    store: PortsOfStore, recorded: Recorded, not_sent: bool
) -> None:
    if not_sent:
        await store.reserve(recorded, 1)
        await store.ledger.finish(finished(recorded, 1, state=NOT_SENT, http_status=None))
    processes = [store.another() for _ in range(50)]
    wins = await asyncio.gather(*(process.reserve(recorded, 1, now=LATER) for process in processes))
    assert sorted(wins) == [False] * 49 + [True]
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, RESERVED, LATER)]


async def test_of_fifty_callers_in_one_process_one_gets_the_call(
    store: PortsOfStore, recorded: Recorded
) -> None:
    wins = await asyncio.gather(*(store.reserve(recorded, 1) for _ in range(50)))
    assert sorted(wins) == [False] * 49 + [True]


async def test_many_verifications_are_reserved_at_once(store: PortsOfStore) -> None:
    cases = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(30)))
    assert all(await asyncio.gather(*(store.reserve(case, 1) for case in cases)))


async def test_an_abandoned_call_counts_as_sent_once_the_next_one_is_reserved(
    store: PortsOfStore, recorded: Recorded
) -> None:
    await store.reserve(recorded, 1)
    assert await store.reserve(recorded, 2, now=LATER)
    ledger = [Pull(1, UNKNOWN, NOW), Pull(2, RESERVED, LATER)]
    assert await store.ledger.of(recorded.verification_id) == ledger


async def test_all_three_calls_fit(store: PortsOfStore, recorded: Recorded) -> None:
    for n in (1, 2, 3):
        assert await store.reserve(recorded, n)
        await store.ledger.finish(finished(recorded, n))
    assert [pull.n for pull in await store.ledger.of(recorded.verification_id)] == [1, 2, 3]


async def test_a_call_for_an_unknown_verification_is_refused(store: PortsOfStore, recorded: Recorded) -> None:
    nobodys = msgspec.structs.replace(recorded.lease, verification_id=UUID(int=1))
    assert not await store.ledger.reserve(nobodys, 1, now=NOW)


async def test_a_worker_without_the_lease_reserves_nothing(store: PortsOfStore, recorded: Recorded) -> None:
    [taken] = await store.claim()
    assert not await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == []
    assert await store.ledger.reserve(taken.lease, 1, now=LATER)


async def test_at_once_the_call_goes_to_the_holder_of_the_lease(
    store: PortsOfStore, recorded: Recorded
) -> None:
    [taken] = await store.claim()
    leases = (recorded.lease, taken.lease, recorded.lease)
    wins = await asyncio.gather(*(store.ledger.reserve(lease, 1, now=LATER) for lease in leases))
    assert list(wins) == [False, True, False]


async def test_a_worker_without_the_lease_still_finishes_its_call(
    store: PortsOfStore, recorded: Recorded
) -> None:
    await store.reserve(recorded, 1)
    await store.claim()
    await store.ledger.finish(finished(recorded, 1, body=b"answer"))
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, DONE, NOW)]
    assert await answer(store, recorded) == b"answer"


async def test_the_newest_answer_counts_and_a_refusal_is_none(
    store: PortsOfStore, recorded: Recorded
) -> None:
    ends = [
        finished(recorded, 1, body=b"first"),
        finished(recorded, 2, body=b"second"),
        finished(recorded, 3, http_status=404, error="RESULT_NOT_FOUND"),
    ]
    seen = []
    for end in ends:
        await store.reserve(recorded, end.n)
        seen.append(await answer(store, recorded))
        await store.ledger.finish(end)
    assert [*seen, await answer(store, recorded)] == [None, b"first", b"second", b"second"]
    assert await store.events() == ["callback.received", *["pull.finished"] * 3]
