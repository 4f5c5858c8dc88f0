"""The look for what is due goes on, whatever fails: an outage, a defect, a callback that cannot be read."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.postgres.sqlstate import DatabaseAway
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from domain.callback.parts import Payload
from domain.callback.payload import decode_payload
from domain.verifications.records import ClaimedVerifications
from tests.support.storage.stores import LEASE, callback, payload
from tests.support.workers.jobs import Jobs, again, answered
from tests.workers.test_advancing import decided
from usecases.context import WorkerContext
from usecases.verifications import advance as advancing


async def test_a_verification_with_an_unreadable_callback_is_postponed_and_delays_no_other(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(data: bytes) -> Payload:
        if b"order-2" in data:
            raise RuntimeError("canary")
        return decode_payload(data)

    await jobs.store.record(callback(payload(1, biz_no="order-2")))
    await jobs.store.record(callback(payload(2, status="WHATEVER")))
    monkeypatch.setattr(advancing, "decode_payload", stumble)
    jobs.clock.go_on(LEASE)
    await jobs.advance_due()
    assert (await jobs.outcome(2))[0] == "decided"
    due = await jobs.store.rows("SELECT due_at FROM verifications WHERE state <> 'decided'")
    assert due == [(jobs.clock.now + advancing.UNDECODABLE_REST,)]


async def test_a_defect_of_ours_does_not_end_the_looking(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.vendor.answers = [answered(payload())]
    await jobs.store.record()
    jobs.clock.go_on(LEASE)
    claim, calls = jobs.context.due.claim, iter([ValueError("a state of tomorrow")])

    async def fail_once(*args: Any, **kwargs: Any) -> ClaimedVerifications:
        for error in calls:
            raise error
        return await claim(*args, **kwargs)

    monkeypatch.setattr(jobs.context.due, "claim", fail_once)
    running = asyncio.create_task(jobs.loops().advancing.run())

    async def is_decided() -> bool:
        jobs.clock.go_on(timedelta(seconds=1))
        return await decided(jobs, "demo") == 1

    try:
        await until(is_decided)
    finally:
        await end_tasks(running)
    assert jobs.context.worker_stats.last_error == "ValueError"


async def test_an_outage_is_logged_once(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    async def fail(*args: Any, **kwargs: Any) -> ClaimedVerifications:
        nonlocal tries
        tries += 1
        raise DatabaseAway

    async def tried_often() -> bool:
        jobs.clock.go_on(timedelta(seconds=2))
        jobs.loops().advancing.look()
        return tries > 3

    monkeypatch.setattr(jobs.context.due, "claim", fail)
    with capture_logs() as logs:
        running = asyncio.create_task(jobs.loops().advancing.run())
        await until(tried_often)
        await end_tasks(running)
    assert [line["event"] for line in logs] == ["settlement.postponed"]


async def test_work_interrupted_by_an_outage_is_logged_as_a_warning(
    jobs: Jobs, without_database: WorkerContext
) -> None:
    case = again(await jobs.case())
    with capture_logs() as logs:
        await advancing.advance_safely(without_database, case)
    assert [(each["event"], each["log_level"]) for each in logs] == [("verification.postponed", "info")]
    assert without_database.worker_stats.last_error is not None
