"""Calls are reserved before they are sent, by one caller each, three at most, and their answers are kept."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.ledger import PgLedger
from domain.budget import Pull, PullState
from domain.errors import BrokenSeal
from domain.records import Recorded
from tests.adapters.builders import LEASE, NOW, Store, callback, dump_database, finished, payload, traces
from tests.domain.builders import dump, passing_payload

LATER = NOW + timedelta(minutes=2)


@pytest.fixture
async def recorded(store: Store) -> Recorded:
    return await store.record()


async def test_a_new_verification_has_an_empty_ledger(store: Store, recorded: Recorded) -> None:
    assert await store.ledger.of(recorded.verification_id) == []


async def test_a_reserved_call_stands_on_the_ledger(store: Store, recorded: Recorded) -> None:
    assert await store.reserve(recorded, 1, now=NOW)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, PullState.RESERVED, NOW)]


@pytest.mark.parametrize("state", [PullState.RESERVED, PullState.DONE, PullState.UNKNOWN])
async def test_a_reserved_or_spent_call_is_not_given_away_again(
    store: Store, recorded: Recorded, state: PullState
) -> None:
    await store.reserve(recorded, 1, now=NOW)
    if state is not PullState.RESERVED:
        await store.ledger.finish(finished(recorded, 1, state=state))
    assert not await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, state, NOW)]


async def test_a_call_that_was_not_sent_can_be_used_again(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    failed = finished(recorded, 1, state=PullState.NOT_SENT, http_status=None, error="CONNECT_FAILED")
    await store.ledger.finish(failed)
    assert await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, PullState.RESERVED, LATER)]
    assert await store.rows("SELECT finished_at, error FROM pulls") == [(None, None)]


async def test_of_fifty_processes_one_gets_the_call(
    store: Store, recorded: Recorded, engine: AsyncEngine
) -> None:
    processes = [PgLedger(engine) for _ in range(50)]
    wins = await asyncio.gather(
        *(
            process.reserve(recorded.verification_id, 1, fence=recorded.fence, now=NOW)
            for process in processes
        )
    )
    assert sorted(wins) == [False] * 49 + [True]
    assert len(await store.ledger.of(recorded.verification_id)) == 1


async def test_of_fifty_callers_in_one_process_one_gets_the_call(store: Store, recorded: Recorded) -> None:
    wins = await asyncio.gather(*(store.reserve(recorded, 1, now=NOW) for _ in range(50)))
    assert sorted(wins) == [False] * 49 + [True]


async def test_of_fifty_processes_one_gets_a_call_that_was_not_sent(
    store: Store, recorded: Recorded, engine: AsyncEngine
) -> None:
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(finished(recorded, 1, state=PullState.NOT_SENT, http_status=None))
    processes = [PgLedger(engine) for _ in range(50)]
    wins = await asyncio.gather(
        *(
            process.reserve(recorded.verification_id, 1, fence=recorded.fence, now=LATER)
            for process in processes
        )
    )
    assert sorted(wins) == [False] * 49 + [True]


async def test_many_verifications_are_reserved_in_one_group(store: Store) -> None:
    cases = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(30)))
    wins = await asyncio.gather(*(store.reserve(case, 1, now=NOW) for case in cases))
    assert all(wins)


async def test_an_abandoned_call_counts_as_sent_once_the_next_one_is_reserved(
    store: Store, recorded: Recorded
) -> None:
    await store.reserve(recorded, 1, now=NOW)
    assert await store.reserve(recorded, 2, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [
        Pull(1, PullState.UNKNOWN, NOW),
        Pull(2, PullState.RESERVED, LATER),
    ]
    assert await store.rows("SELECT finished_at FROM pulls WHERE n = 1") == [(LATER,)]


@pytest.mark.parametrize("n", [0, 4, -1])
async def test_there_is_no_other_call_than_one_to_three(store: Store, recorded: Recorded, n: int) -> None:
    with pytest.raises(IntegrityError, match="pulls_budget"):
        await store.reserve(recorded, n, now=NOW)


async def test_all_three_calls_fit(store: Store, recorded: Recorded) -> None:
    for n in (1, 2, 3):
        assert await store.reserve(recorded, n, now=NOW)
        await store.ledger.finish(finished(recorded, n))
    assert [pull.n for pull in await store.ledger.of(recorded.verification_id)] == [1, 2, 3]


async def test_a_call_for_nobody_is_refused(store: Store, recorded: Recorded) -> None:
    assert not await store.ledger.reserve(UUID(int=1), 1, fence=recorded.fence, now=NOW)


async def test_whoever_lost_the_lease_reserves_nothing(store: Store, recorded: Recorded) -> None:
    [taken] = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    assert not await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.reserve(recorded.verification_id, 1, fence=taken.fence, now=LATER)


async def test_in_one_group_the_call_goes_to_the_holder_of_the_lease(
    store: Store, recorded: Recorded
) -> None:
    [taken] = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    wins = await asyncio.gather(
        *(
            store.ledger.reserve(recorded.verification_id, 1, fence=fence, now=LATER)
            for fence in (recorded.fence, taken.fence, recorded.fence)
        )
    )
    assert list(wins) == [False, True, False]


async def test_the_answer_is_kept_and_opens(store: Store, recorded: Recorded) -> None:
    body = dump(passing_payload())
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(finished(recorded, 1, body=body))
    kept = await store.ledger.answer_of(recorded.verification_id, app_id="demo", data_key=recorded.data_key)
    assert kept == body


async def test_the_newest_answer_counts_and_a_refusal_is_none(store: Store, recorded: Recorded) -> None:
    async def answer() -> bytes | None:
        return await store.ledger.answer_of(
            recorded.verification_id, app_id="demo", data_key=recorded.data_key
        )

    ends = [
        finished(recorded, 1, body=b"first"),
        finished(recorded, 2, body=b"second"),
        finished(recorded, 3, http_status=404, error="RESULT_NOT_FOUND"),
    ]
    seen = []
    for end in ends:
        await store.reserve(recorded, end.n, now=NOW)
        seen.append(await answer())
        await store.ledger.finish(end)
    assert [*seen, await answer()] == [None, b"first", b"second", b"second"]


async def test_an_answer_moved_to_another_call_does_not_open(store: Store, recorded: Recorded) -> None:
    for n in (1, 2):
        await store.reserve(recorded, n, now=NOW)
    await store.ledger.finish(finished(recorded, 1, body=b"first"))
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE pulls SET http_status = 200, raw_ct = (SELECT raw_ct FROM pulls WHERE n = 1) WHERE n = 2"
        )
    with pytest.raises(BrokenSeal):
        await store.ledger.answer_of(recorded.verification_id, app_id="demo", data_key=recorded.data_key)


async def test_each_end_stands_on_the_timeline(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(
        finished(recorded, 1, state=PullState.UNKNOWN, http_status=None, error="TIMEOUT")
    )
    last = (await store.lookups.timeline(recorded.verification_id))[-1]
    assert last.event == "pull.finished"
    assert last.detail == {"n": 1, "state": "unknown", "http_status": None, "error": "TIMEOUT"}


async def test_no_answer_stands_in_the_open(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(finished(recorded, 1, body=dump(passing_payload())))
    assert traces(await dump_database(store.engine)) == []
