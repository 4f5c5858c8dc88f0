"""A job never raises anything but Retry, which alone does not make arq drop it."""

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest
from arq import Retry
from sqlalchemy.exc import DBAPIError

from adapters.database import DATABASE_AWAY, DatabaseAway
from adapters.queue import NUDGE_VERIFICATION, PROCESS_BATCH, SETTLE_VERIFICATION
from adapters.redis_client import REDIS_AWAY
from domain.errors import BrokenSeal
from domain.model import verification_id
from tests.adapters.builders import biz_id, callback, payload
from tests.workers.conftest import TIMED_OUT, Jobs, answered
from workers import callbacks, settlement, sweeping
from workers import jobs as jobs_module
from workers.context import WorkerContext
from workers.jobs import JOB_TIMEOUT, crons, functions
from workers.main import NEVER


async def run_job(context: WorkerContext, batch_id: str = "b1") -> None:
    await job(context, PROCESS_BATCH)({}, batch_id)


def job(context: WorkerContext, name: str) -> Callable[..., Awaitable[None]]:
    """The job of that name, as arq calls it."""
    return {function.name: function.coroutine for function in functions(context)}[name]


async def run_crons(context: WorkerContext) -> None:
    for cron in crons(context, every=10):
        await cron.coroutine({})


AWAY = [error("away") for error in dict.fromkeys((*REDIS_AWAY, *DATABASE_AWAY, DatabaseAway))]
FAULTS = [error("x") for error in (BrokenSeal, ValueError, KeyError, RecursionError)]
REFUSED_BY_THE_STORE = DBAPIError("SELECT 1", None, Exception("a value is at fault"))


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_while_a_server_is_away_the_job_asks_to_be_run_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(callbacks, "process_batch", raiser(error))
    with pytest.raises(Retry) as caught:
        await run_job(jobs.context)
    assert caught.value.defer_score == 5000


@pytest.mark.parametrize("error", [*FAULTS, REFUSED_BY_THE_STORE], ids=lambda error: type(error).__name__)
async def test_any_other_error_ends_the_job_and_leaves_the_batch(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await jobs.inbox.put("b1", [callback()])
    monkeypatch.setattr(callbacks, "process_batch", raiser(error))
    await run_job(jobs.context)
    assert await jobs.inbox.depth() == 1


async def test_a_job_that_takes_too_long_asks_to_be_run_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(callbacks, "process_batch", hang)
    monkeypatch.setattr(jobs_module, "_INNER_TIMEOUT", 0.05)
    with pytest.raises(Retry):
        await run_job(jobs.context)


async def test_a_job_takes_its_batch_to_decisions(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await jobs.inbox.put("b1", [callback()])
    await run_job(jobs.context)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_without_database_the_job_asks_to_be_run_again(
    jobs: Jobs, without_database: WorkerContext
) -> None:
    await jobs.inbox.put("b1", [callback()])
    with pytest.raises(Retry):
        await run_job(without_database)
    assert await jobs.inbox.depth() == 1


async def test_without_a_server_a_sweep_ends_quietly(
    jobs: Jobs, without_redis: WorkerContext, without_database: WorkerContext
) -> None:
    await run_crons(without_redis)
    await run_crons(without_database)


@pytest.mark.parametrize("error", [*AWAY, RuntimeError("x")], ids=lambda error: type(error).__name__)
async def test_a_sweep_that_fails_does_not_raise(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    sweeps: list[str] = []

    def failing(name: str) -> Callable[..., object]:
        async def sweep(*_: object) -> None:
            sweeps.append(name)
            raise error

        sweep.__name__ = name
        return sweep

    for name in ("sweep_inbox", "settle_due"):
        monkeypatch.setattr(sweeping, name, failing(name))
    await run_crons(jobs.context)
    assert sorted(sweeps) == ["settle_due", "sweep_inbox"]


async def test_the_names_of_the_jobs_are_fixed(jobs: Jobs) -> None:
    names = [function.name for function in functions(jobs.context)]
    assert names == [PROCESS_BATCH, SETTLE_VERIFICATION, NUDGE_VERIFICATION]
    assert names == ["process_batch", "settle_verification", "nudge_verification"]


async def test_a_verification_is_settled_by_its_own_job_once_it_is_due(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await jobs.inbox.put("b1", [callback()])
    await run_job(jobs.context)
    settle, key = job(jobs.context, SETTLE_VERIFICATION), str(verification_id("demo", biz_id()))
    await settle({}, key)
    assert len(jobs.vendor.asked) == 1, "not due yet"
    due = await jobs.due()
    assert due is not None
    jobs.clock.go_on(due)
    await settle({}, key)
    assert await jobs.outcome() == ("decided", "approved", [])


async def test_a_failed_look_at_a_verification_ends_the_job_and_leaves_it_due(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "settle_one", raiser(ValueError("x")))
    await job(jobs.context, SETTLE_VERIFICATION)({}, str(verification_id("demo", biz_id())))


@pytest.mark.parametrize(("every", "times"), [(1, 60), (10, 6), (30, 2), (7, 9)])
async def test_sweeps_run_every_so_many_seconds(jobs: Jobs, every: int, times: int) -> None:
    for cron in crons(jobs.context, every=every):
        assert isinstance(cron.second, set)
        assert sorted(cron.second) == list(range(0, 60, every))
        assert len(cron.second) == times == math.ceil(60 / every)


def test_the_inner_timeout_comes_before_arqs_which_would_end_the_job() -> None:
    assert jobs_module._INNER_TIMEOUT < JOB_TIMEOUT
    assert NEVER > 10**9


def raiser(error: Exception) -> Callable[..., object]:
    async def fail(*_: object) -> None:
        raise error

    return fail
