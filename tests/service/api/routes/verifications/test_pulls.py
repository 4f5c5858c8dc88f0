"""An operator spends one call per request, and gets a reason if that is not possible."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from domain.model import verification_id
from domain.verifications.records import Recorded
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi
from tests.support.storage.stores import NOW, Clock, Store, biz_id, callback, finished, payload

PULL = f"/v1/verifications/{biz_id()}/pull"
ID = verification_id("demo", biz_id())


async def spend(store: Store, recorded: Recorded, *numbers: int) -> None:
    for n in numbers:
        await store.reserve(recorded, n)
        await store.ledger.finish(finished(recorded, n))


async def test_it_is_handed_to_a_worker(
    api: httpx2.AsyncClient, api_context: RealApi, store: Store, clock: Clock
) -> None:
    await spend(store, await store.record(), 1, 2)
    clock.go_on(timedelta(minutes=5))
    answer = await api.post(PULL)
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert await store.rows("SELECT asked_at, due_at FROM verifications") == [(clock.now, clock.now)]
    jobs = await api_context.redis.keys("arq:job:faceid:settle:*")
    assert jobs == [f"arq:job:faceid:settle:{ID}:{clock.now.timestamp():.0f}".encode()]
    [(detail,)] = await store.rows("SELECT detail FROM timeline WHERE event = 'pull.requested'")
    assert detail == {"by": "token:all"}


async def test_of_many_requests_one_is_granted(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record()
    answers = await asyncio.gather(*(api.post(PULL) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 7]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"pull_too_early"}


async def test_within_the_spacing_it_is_too_early(
    api: httpx2.AsyncClient, store: Store, clock: Clock
) -> None:
    await spend(store, await store.record(), 1)
    clock.go_on(timedelta(seconds=20.5))
    answer = await api.post(PULL)
    assert_problem(answer, 409, "pull_too_early")
    assert answer.headers["retry-after"] == "40"


@pytest.mark.parametrize("after", [timedelta(hours=2), timedelta(days=1)])
async def test_a_pull_beyond_the_last_call_is_refused(
    api: httpx2.AsyncClient, store: Store, clock: Clock, after: timedelta
) -> None:
    recorded = await store.record()
    await spend(store, recorded, *((1, 2, 3) if after < timedelta(days=1) else ()))
    clock.go_on(after)
    answer = await api.post(PULL)
    assert_problem(answer, 409, "no_pull_left")
    assert "retry-after" not in answer.headers


async def test_before_the_flows_end_it_is_refused(
    api: httpx2.AsyncClient, store: Store, clock: Clock
) -> None:
    await store.register(expires_in=timedelta(minutes=50))
    answer = await api.post(PULL)
    assert_problem(answer, 409, "flow_not_ended")
    assert answer.headers["retry-after"] == "3000"
    clock.now = NOW + timedelta(minutes=50)
    assert (await api.post(PULL)).status_code == 202


async def test_an_unregistered_running_flow_has_no_known_end(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record(callback(payload(status="PROCESSING")))
    answer = await api.post(PULL)
    assert_problem(answer, 409, "flow_not_ended")
    assert "retry-after" not in answer.headers


async def test_a_held_one_must_be_registered_first(api: httpx2.AsyncClient, store: Store) -> None:
    await store.record(awaits_registration=True)
    assert_problem(await api.post(PULL), 409, "not_registered")


async def test_an_unknown_verification_is_not_pulled(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.post(PULL), 404, "not_found")
