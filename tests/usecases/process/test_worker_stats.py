"""A worker counts what it does, by app, for its heartbeat; nothing in it tells of one verification."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from domain.pulls.answer import Answer
from domain.pulls.budget import PullState
from domain.views.operations.processes import WorkerStatus
from tests.support.storage.dumps import traces
from tests.support.storage.stores import biz_id, callback, payload
from tests.support.workers.jobs import NOT_SENT, TIMED_OUT, Jobs, answered, refused
from usecases.context import WorkerContext
from usecases.verifications.advance import advance_safely


async def test_work_is_counted_by_app(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload(1)), answered(payload(2))]
    jobs.context.worker_stats.last_error = "TimeoutError"
    for n in (1, 2):
        await jobs.inbox.hand_over(f"b{n}", [callback(payload(n))])
        await jobs.work()
    status = jobs.context.worker_stats.status()
    assert status == {
        "jobs": 0,
        "batches": 2,
        "decisions": {"demo": {"approved": 2}},
        "pulls": {"demo": {PullState.DONE: 2}},
        "reasons": {},
        "last_error": "TimeoutError",
        "database_seconds": 0,
        "policies": {},
        "circuits": {},
        "refusals": {},
        "attempts": {},
        "pictures": {},
        "attempt_durations": (),
        "attempt_seconds": 0,
        "keys": None,
    }
    assert traces(str(status)) == []
    assert biz_id() not in str(status)


async def test_a_duplicate_is_no_second_decision(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    for name in ("b1", "b2"):
        await jobs.inbox.hand_over(name, [callback()])
        await jobs.work()
    assert jobs.context.worker_stats.status()["decisions"] == {"demo": {"approved": 1}}


async def test_batches_under_way_are_counted_until_they_end(jobs: Jobs) -> None:
    worker_stats = jobs.context.worker_stats
    with worker_stats.under_way(3):
        assert worker_stats.jobs == 3
    with pytest.raises(asyncio.CancelledError), worker_stats.under_way(2):
        raise asyncio.CancelledError
    assert (worker_stats.jobs, worker_stats.last_error) == (0, None)


async def test_the_last_error_is_named_without_its_words(jobs: Jobs, without_database: WorkerContext) -> None:
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.loops(without_database).recording.drain()
    assert without_database.worker_stats.last_error == "ConnectionRefusedError"
    await advance_safely(without_database, await jobs.case(payload(2)))
    assert without_database.worker_stats.status()["last_error"] == "ConnectionRefusedError"


async def test_refused_credentials_are_counted_and_reported_as_such(jobs: Jobs) -> None:
    jobs.vendor.answers = [refused(403, "AUTHENTICATION_ERROR")]
    for n in range(1, 8):
        await jobs.inbox.hand_over(f"b{n}", [callback(payload(n))])
        await jobs.work()
    status = jobs.context.status()
    assert status["pulls"] == {"demo": {"refused": 5}}, "the others wait"
    assert status["circuits"] == {"demo": "open"}
    assert status["refusals"] == {"demo": "AUTHENTICATION_ERROR"}


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        (answered(payload()), "done"),
        (refused(400, "RESULT_NOT_FOUND"), "done"),
        (refused(403, "DATA_DESTROYED"), "done"),
        (refused(403, "AUTHENTICATION_ERROR"), "refused"),
        (refused(429, "HTTP_429"), "busy"),
        (refused(200, "UNREADABLE_ANSWER"), "fault"),
        (refused(500, "HTTP_500"), "fault"),
        (TIMED_OUT, "unknown"),
        (NOT_SENT, "not_sent"),
    ],
)
async def test_only_an_answer_about_the_verification_counts_as_done(
    jobs: Jobs, answer: Answer, counted: str
) -> None:
    jobs.vendor.answers = [answer]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    assert jobs.context.status()["pulls"] == {"demo": {counted: 1}}


async def test_each_reason_of_a_decision_is_counted_once(jobs: Jobs) -> None:
    for _ in range(2):
        jobs.context.worker_stats.count_decision(
            "demo", "review", ["face.missing", "face.missing", "id.attacked"]
        )
    assert jobs.context.worker_stats.status()["reasons"] == {"demo": {"face.missing": 2, "id.attacked": 2}}


async def test_the_heartbeat_has_the_policies_and_the_silence_of_postgresql(
    jobs: Jobs,
) -> None:
    jobs.context = replace(jobs.context, database_silence=lambda: 7.5)
    status = msgspec.convert(jobs.context.status(), WorkerStatus)
    assert status.database_seconds == 7.5
    assert status.policies == jobs.context.policies.marks()
    assert {len(mark) for mark in status.policies.values()} == {12}
