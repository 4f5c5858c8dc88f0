"""The PostgreSQL side of the ledger: limit, times, ciphertext. For the rest see tests/usecases/ports."""

from datetime import timedelta

import pytest
from asyncpg import CheckViolationError

from domain.errors import BrokenSeal
from domain.pulls.budget import Pull, PullState
from domain.verifications.records import Recorded
from tests.support.payloads.callbacks import dump, passing_payload
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.stores import NOW, Store, finished

LATER = NOW + timedelta(minutes=2)


@pytest.fixture
async def recorded(store: Store) -> Recorded:
    return await store.record()


async def test_a_call_that_was_not_sent_can_be_used_again(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    failed = finished(recorded, 1, state=PullState.NOT_SENT, http_status=None, error="CONNECT_FAILED")
    await store.ledger.finish(failed)
    assert await store.reserve(recorded, 1, now=LATER)
    assert await store.ledger.of(recorded.verification_id) == [Pull(1, PullState.RESERVED, LATER)]
    assert await store.rows("SELECT finished_at, error FROM pulls") == [(None, None)]


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
    with pytest.raises(CheckViolationError, match="pulls_budget"):
        await store.reserve(recorded, n, now=NOW)


async def test_an_answer_moved_to_another_call_does_not_open(store: Store, recorded: Recorded) -> None:
    for n in (1, 2):
        await store.reserve(recorded, n, now=NOW)
    await store.ledger.finish(finished(recorded, 1, body=b"first"))
    async with store.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE pulls SET http_status = 200, raw_ct = (SELECT raw_ct FROM pulls WHERE n = 1) WHERE n = 2"
        )
    with pytest.raises(BrokenSeal):
        await store.ledger.answer_of(recorded.lease)


async def test_each_end_is_on_the_timeline(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(
        finished(recorded, 1, state=PullState.UNKNOWN, http_status=None, error="TIMEOUT")
    )
    last = (await store.lookups.timeline(recorded.verification_id))[-1]
    assert last.event == "pull.finished"
    assert last.detail == {"n": 1, "state": "unknown", "http_status": None, "error": "TIMEOUT"}


async def test_no_answer_is_stored_unencrypted(store: Store, recorded: Recorded) -> None:
    await store.reserve(recorded, 1, now=NOW)
    await store.ledger.finish(finished(recorded, 1, body=dump(passing_payload())))
    assert traces(await dump_database(store.engine)) == []
