"""Jobs and crons wake the loops; none of them raises, whatever fails."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from adapters.intake.queue import NUDGE_VERIFICATION, RECORD_WAITING, SETTLE_VERIFICATION
from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.tasks.background import in_background
from domain.model import verification_id
from domain.pulls.budget import RESULT_KEPT
from tests.support.memory.audit import MemoryAnchor
from tests.support.storage.audit.audits import write_rows
from tests.support.storage.stores import biz_id, callback, payload
from tests.support.workers.jobs import TIMED_OUT, Jobs, answered, nothing_to_adopt, run_crons
from usecases.context import WorkerContext
from usecases.process.worker_stats import WorkerStats
from workers.errands import Errands
from workers.jobs import JOB_TIMEOUT, Loops, crons, functions, wake_after_job
from workers.main import NEVER

AWAY = [RedisAway("ConnectionError"), DatabaseAway("ConnectionError"), TimeoutError()]


def job(context: WorkerContext, loops: Loops, name: str) -> Callable[..., Awaitable[None]]:
    """The job of that name, as arq calls it."""
    return {function.name: function.coroutine for function in functions(context, loops)}[name]


async def test_the_names_of_the_jobs_are_fixed(jobs: Jobs) -> None:
    names = [function.name for function in functions(jobs.context, jobs.loops())]
    assert names == [RECORD_WAITING, SETTLE_VERIFICATION, NUDGE_VERIFICATION]
    assert names == ["record_waiting", "settle_verification", "nudge_verification"]


async def test_crons_of_two_gateways_on_one_redis_have_distinct_names(jobs: Jobs) -> None:
    loops = jobs.loops()
    names = [
        cron.name
        for prefix in ("a:", "b:")
        for cron in crons(jobs.context, loops, every=10, names=RedisNames(prefix), adopt=nothing_to_adopt)
    ]
    assert len(set(names)) == len(names)


@asynccontextmanager
async def looks_of(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Queue[bool]]:
    """Each look of the running recording for batches, after the first one; it takes none."""
    looks: asyncio.Queue[bool] = asyncio.Queue()

    async def look() -> bool:
        looks.put_nowait(True)
        return True

    monkeypatch.setattr(loops.recording, "drain", look)
    async with in_background(loops.recording.run()):
        await looks.get()
        yield looks


async def test_a_wake_up_wakes_the_recording_and_does_no_work_itself(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = jobs.loops()
    await jobs.inbox.hand_over("b1", [callback()])
    async with looks_of(loops, monkeypatch) as looks:
        await job(jobs.context, loops, RECORD_WAITING)({})
        assert await looks.get()
    assert await jobs.inbox.depth() == 1


async def test_a_wake_up_that_arq_removed_with_its_namesake_is_made_up_for(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = jobs.loops()
    async with looks_of(loops, monkeypatch) as looks:
        await wake_after_job(loops)
        assert await looks.get()


async def test_the_sweep_wakes_the_recording_and_adopts_old_batches(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops, adopted = jobs.loops(), []

    async def adopt() -> int:
        adopted.append(1)
        return 1

    async with looks_of(loops, monkeypatch) as looks:
        await run_crons(jobs.context, loops, adopt)
        assert await looks.get()
    assert adopted == [1]


async def test_without_a_server_a_sweep_ends_quietly(
    jobs: Jobs, without_redis: WorkerContext, without_database: WorkerContext
) -> None:
    for context in (without_redis, without_database):
        await run_crons(context, jobs.loops(context))


@pytest.mark.parametrize("error", [*AWAY, RuntimeError("x")], ids=lambda error: type(error).__name__)
async def test_a_job_or_sweep_that_fails_does_not_raise(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fail(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(jobs.context.due, "claim", fail)
    monkeypatch.setattr(jobs.context.due, "claim_one", fail)
    monkeypatch.setattr(jobs.context.return_hints, "note_return", fail)
    loops, key = jobs.loops(), str(verification_id("demo", biz_id()))
    await run_crons(jobs.context, loops, fail)
    for name in (SETTLE_VERIFICATION, NUDGE_VERIFICATION):
        await job(jobs.context, loops, name)({}, key)


async def test_a_verification_is_advanced_by_its_own_job_once_it_is_due(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await jobs.inbox.hand_over("b1", [callback()])
    await jobs.work()
    loops, key = jobs.loops(), str(verification_id("demo", biz_id()))
    advance = job(jobs.context, loops, SETTLE_VERIFICATION)
    await advance({}, key)
    assert len(jobs.vendor.asked) == 1, "not due yet"
    due = await jobs.due()
    assert due is not None
    jobs.clock.go_on(due)
    await advance({}, key)
    await loops.advancing.idle()
    assert await jobs.outcome() == ("decided", "approved", [])


@pytest.mark.parametrize(("every", "times"), [(1, 60), (10, 6), (30, 2), (7, 9)])
async def test_sweeps_run_at_the_configured_interval(jobs: Jobs, every: int, times: int) -> None:
    made = crons(jobs.context, jobs.loops(), every=every, names=DEFAULT_NAMES, adopt=nothing_to_adopt)
    for cron in made:
        assert isinstance(cron.second, set)
        assert sorted(cron.second) == list(range(0, 60, every))
        assert len(cron.second) == times == math.ceil(60 / every)


def test_a_killed_workers_jobs_are_hidden_for_less_than_a_lease() -> None:
    assert timedelta(seconds=JOB_TIMEOUT + 10) < timedelta(seconds=30)
    assert NEVER > 10**9


async def test_a_sweep_ends_what_an_older_worker_left_without_an_end(jobs: Jobs) -> None:
    """As one does that is at work behind the migration: it takes back what that gave."""
    await jobs.store.record(callback(payload(status="PROCESSING")))
    async with jobs.store.engine.begin() as connection:
        await connection.execute(text("UPDATE verifications SET due_at = NULL"))
    jobs.clock.go_on(RESULT_KEPT)
    loops = jobs.loops()
    for _ in range(2):
        await run_crons(jobs.context, loops)
    await loops.advancing.idle()
    assert await jobs.outcome() == ("expired", None, [])


async def test_a_part_of_a_sweep_that_fails_keeps_no_other_from_its_work(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted = []

    async def fail(*_: object, **__: object) -> int:
        raise RuntimeError("x")

    async def adopt() -> int:
        adopted.append(1)
        return 1

    monkeypatch.setattr(jobs.context.inbox, "take_back", fail)
    await run_crons(jobs.context, jobs.loops(), adopt)
    assert adopted == [1]
    assert jobs.context.worker_stats.last_error == "RuntimeError"


@pytest.mark.parametrize(
    ("error", "lines", "traced"), [(DatabaseAway("x"), 2, False), (RuntimeError("x"), 6, True)]
)
async def test_an_outage_is_logged_once_and_a_bug_with_its_traceback(
    error: Exception, lines: int, traced: bool
) -> None:
    errands = Errands(WorkerStats(), within=60)

    async def work(*, fails: bool) -> None:
        if fails:
            raise error

    with capture_logs() as logs:
        for _ in range(2):
            for fails in (True, True, True, False):
                await errands.run(work(fails=fails), "sweep.failed", job_id="sweep_inbox")
    assert [each["event"] for each in logs] == ["sweep.failed"] * lines
    assert all(bool(each.get("exc_info")) is traced for each in logs)


async def test_the_sweep_closes_a_block_of_the_audit_and_anchors_it(jobs: Jobs) -> None:
    await write_rows(jobs.store.engine, 3)
    anchor = MemoryAnchor()
    context = replace(jobs.context, anchors=[anchor])
    await run_crons(context, jobs.loops(context))
    block = await context.audit.newest()
    assert block is not None
    assert (block.height, block.count) == (1, 3)
    assert anchor.kept == [1]


async def test_an_anchor_that_is_away_ends_quietly(jobs: Jobs) -> None:
    await write_rows(jobs.store.engine)
    anchor = MemoryAnchor()
    anchor.away = True
    context = replace(jobs.context, anchors=[anchor])
    with capture_logs() as logs:
        await run_crons(context, jobs.loops(context))
    failed = [entry for entry in logs if entry["event"] == "sweep.failed"]
    assert [(entry["job_id"], entry["error"]) for entry in failed] == [("sweep_audit", "AnchorFailed")]
