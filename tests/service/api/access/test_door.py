"""The token comes first: nothing of a stranger's body is read. Then each token has its share, and no more."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI
from redis.asyncio import BlockingConnectionPool
from starlette.types import Message, Receive, Scope, Send

from adapters.processes.heartbeats import Heartbeats
from adapters.redis.call_rates import CallRates
from devstack.waiting import until
from domain.limits.quotas import Cost, Quota, quotas
from domain.limits.throttle import Rate
from domain.views.tokens import ApiToken
from service.api.access.body_cap import Allowance, BodyCap
from service.api.access.pace import Pace
from service.api.access.tries import Pauses, Tries
from service.api.access.turns import TooMany, Turns
from service.api.main import create_app
from tests.service.conftest import assert_problem
from tests.support.http.api import RealApi, door_of
from tests.support.http.asgi import SILENCE, send
from tests.support.storage.stores import NOW, Store, biz_id

JSON = {"content-type": "application/json"}
ORDER = "/v1/verifications"
URL = f"{ORDER}/{biz_id()}"
AT_ONCE = Pauses(seconds=0)


async def with_door(context: RealApi, **parts: object) -> RealApi:
    """The context behind a separate door, which admits `all-token`."""
    await context.tokens.put("all", "all-token")
    return replace(context, door=door_of(context.tokens, **{"pauses": AT_ONCE, **parts}))


def client(context: RealApi, token: str = "all-token") -> httpx2.AsyncClient:
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx2.ASGITransport(create_app(context))
    return httpx2.AsyncClient(transport=transport, base_url="http://api", headers=headers)


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_nothing_of_a_strangers_body_is_read(api_app: FastAPI, token: str | None) -> None:
    headers = JSON | {"content-length": "9000000"} | ({"authorization": f"Bearer {token}"} if token else {})
    reply = await asyncio.wait_for(send(api_app, ORDER, [SILENCE], headers=headers), 5)
    assert (reply.status, reply.json()["code"]) == (401, "unauthenticated")
    assert reply.headers["connection"] == "close", "the rest of it is not waited for"


async def test_nothing_of_the_body_is_read_without_the_scope(api_app: FastAPI, api_context: RealApi) -> None:
    await api_context.tokens.put("reader", "reader", scopes=["verifications:read"])
    headers = JSON | {"content-length": "9000000", "authorization": "Bearer reader"}
    reply = await asyncio.wait_for(send(api_app, ORDER, [SILENCE], headers=headers), 5)
    assert (reply.status, reply.json()["code"]) == (403, "missing_scope")


async def test_a_token_too_long_to_be_one_is_not_looked_for(api_context: RealApi) -> None:
    context = await with_door(api_context)
    async with client(context, "x" * 5000) as api:
        assert_problem(await api.get(URL), 401, "unauthenticated")


async def test_an_order_may_be_large_and_nothing_else(api_context: RealApi) -> None:
    context, body = await with_door(api_context), {"biz_no": "x" * 300_000}
    async with client(context) as api:
        assert_problem(await api.put(URL, json=body), 413, "body_too_large")
        assert_problem(await api.post("/v1/dead-letters/retry", json=body), 413, "body_too_large")
        assert_problem(await api.post(ORDER, json=body), 422, "invalid_request")


@pytest.mark.parametrize("unit", ["{},", "[],", '"",', '{"a":1},'])
async def test_a_body_of_very_many_values_is_refused_before_it_is_parsed(
    api_context: RealApi, unit: str
) -> None:
    context = await with_door(api_context)
    body = "[" + unit * (8_000_000 // len(unit)) + "0]"
    async with client(context) as api:
        answer = await api.post(ORDER, content=body, headers=JSON)
    assert_problem(answer, 422, "invalid_request")


async def reading(scope: Scope, receive: Receive, answer: Send) -> None:
    """An app that reads the whole body."""
    while (await receive()).get("more_body", False):
        pass
    await answer({"type": "http.response.start", "status": 200, "headers": []})
    await answer({"type": "http.response.body", "body": b""})


async def test_a_body_that_does_not_arrive_ends_with_the_deadline() -> None:
    cap = BodyCap(reading, others=Allowance(100, seconds=0.05))
    with pytest.raises(Exception, match="408"):
        await send(cap, "/", [b"some", SILENCE], headers={"content-length": "50"})


async def test_a_body_in_small_pieces_does_not_move_the_deadline() -> None:
    async def trickling() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def nowhere(_message: Message) -> None:
        return None

    cap = BodyCap(reading, others=Allowance(10_000, seconds=0.1))
    scope = {"type": "http", "path": "/", "headers": [(b"transfer-encoding", b"chunked")]}
    with pytest.raises(Exception, match="408"):
        await asyncio.wait_for(cap(scope, trickling, nowhere), 5)


async def test_a_token_beyond_its_rate_gets_a_retry_after(api_context: RealApi) -> None:
    slow = Quota(Rate(per_second=0.1, burst=2), working=8, open=8)
    context = await with_door(api_context, shares=dict.fromkeys(Cost, slow))
    await context.tokens.put("another", "another")
    async with client(context) as api, client(context, "another") as another:
        assert [(await api.get(URL)).status_code for _ in range(3)] == [404, 404, 429]
        answer = await api.get(URL)
        assert_problem(answer, 429, "too_many_requests")
        assert 8 <= int(answer.headers["retry-after"]) <= 10
        async with httpx2.AsyncClient(
            transport=another._transport, base_url="http://api", headers={"authorization": "Bearer another"}
        ) as same_app:
            assert (await same_app.get(URL)).status_code == 404


async def test_requests_that_cost_calls_are_counted_across_processes(
    api_context: RealApi, redis_pool: BlockingConnectionPool
) -> None:
    body = {"app_id": "demo", "biz_no": "order-1", "expires_at": NOW.isoformat()}
    seen: list[int] = []
    for _process in range(2):
        context = await with_door(api_context, calls=CallRates(redis_pool, per_second=0.5))
        async with client(context) as api:
            answers = [await api.put(f"{ORDER}/{biz_id(n)}", json=body) for n in range(4)]
            seen += [answer.status_code for answer in answers]
            assert (await api.get(URL)).status_code in {200, 404}, "lookups go on"
    assert seen.count(429) == 3


async def test_too_many_wrong_tokens_are_refused_without_a_query(
    api_context: RealApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = await with_door(api_context, tries=Tries(rate=Rate(0.001, 3)))
    tried: list[str] = []
    check = context.tokens.check

    async def counted(token: str) -> ApiToken | None:
        tried.append(token)
        return await check(token)

    monkeypatch.setattr(context.tokens, "check", counted)
    app = create_app(context)

    async def ask(token: str) -> int | None:
        return (await send(app, URL, method="GET", headers={"authorization": f"Bearer {token}"})).status

    assert await ask("all-token") == 404
    assert [await ask(f"wrong-{n}") for n in range(6)] == [401, 401, 401, 429, 429, 429]
    assert len(tried) == 4
    assert await ask("all-token") == 404, "a token that was good is not shut out by its neighbours"


async def test_sequential_requests_are_slowed_and_not_refused() -> None:
    turns = Turns({Cost.LIST: Quota(Rate(per_second=50, burst=1), working=2, open=4)})
    began = asyncio.get_running_loop().time()
    for _ in range(6):
        async with turns.enter("a", Cost.LIST):
            pass
    assert asyncio.get_running_loop().time() - began > 0.09


@pytest.fixture
def turns() -> Turns:
    quota = Quota(Rate(1000, 1000), working=2, open=5)
    return Turns(dict.fromkeys(Cost, quota))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_more_than_may_be_worked_on_wait_for_their_turn(turns: Turns) -> None:
    working, most, go_on = 0, 0, asyncio.Event()

    async def work() -> None:
        nonlocal working, most
        async with turns.enter("a", Cost.LOOKUP):
            working += 1
            most = max(most, working)
            await go_on.wait()
            working -= 1

    tasks = [asyncio.create_task(work()) for _ in range(5)]
    await until(_is(lambda: working == 2))
    with pytest.raises(TooMany):
        async with turns.enter("a", Cost.LOOKUP):
            pass
    async with turns.enter("b", Cost.LOOKUP):
        pass
    go_on.set()
    await asyncio.gather(*tasks)
    assert most == 2
    assert not turns._shares


async def test_a_waiting_lookup_lets_others_work(turns: Turns, stack: AsyncExitStack) -> None:
    for _ in range(3):
        turn = await asyncio.wait_for(stack.enter_async_context(turns.enter("a", Cost.LOOKUP)), 1)
        await stack.enter_async_context(turn.rest())
    async with asyncio.timeout(1):
        async with turns.enter("a", Cost.LOOKUP):
            pass


async def test_a_request_that_is_cancelled_leaves_its_place(turns: Turns) -> None:
    async def work() -> None:
        async with turns.enter("a", Cost.LOOKUP) as turn, turn.rest():
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(work()) for _ in range(5)]
    await until(
        _is(lambda: ("a", Cost.LOOKUP) in turns._shares and turns._shares["a", Cost.LOOKUP].open == 5)
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert not turns._shares


async def test_of_all_backtests_together_only_some_run(turns: Turns, stack: AsyncExitStack) -> None:
    for key in ("a", "b"):
        await stack.enter_async_context(turns.enter(key, Cost.BACKTEST))
    with pytest.raises(TooMany):
        await stack.enter_async_context(turns.enter("c", Cost.BACKTEST))


async def test_one_token_runs_one_backtest_at_once() -> None:
    turns = Turns(quotas(per_second=100))
    async with turns.enter("a", Cost.BACKTEST):
        with pytest.raises(TooMany):
            async with turns.enter("a", Cost.BACKTEST):
                pass


async def test_the_number_of_delayed_answers_is_limited() -> None:
    pauses = Pauses(seconds=30, at_once=2)
    held = [asyncio.create_task(pauses.hold()) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.wait_for(pauses.hold(), 1)
    for task in held:
        task.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert pauses._held == 0


async def test_readyz_is_read_once_a_second_however_often_it_is_asked_for(
    api_context: RealApi, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    alive = Heartbeats.alive

    async def counted(heartbeats: Heartbeats) -> object:
        reads.append(1)
        return await alive(heartbeats)

    monkeypatch.setattr(Heartbeats, "alive", counted)
    context = replace(api_context, pace=Pace(pauses=AT_ONCE))
    async with client(context) as api:
        answers = await asyncio.gather(*(api.get("/readyz") for _ in range(60)))
    assert {answer.status_code for answer in answers} == {200}, "nobody is refused"
    assert len(reads) == 1


async def test_too_many_requests_are_in_the_description_of_every_guarded_route(api_app: FastAPI) -> None:
    paths = json.loads(json.dumps(api_app.openapi()))["paths"]
    for path, operations in paths.items():
        for operation in operations.values():
            assert ("429" in operation["responses"]) is path.startswith("/v1/")


def _is(condition: Callable[[], bool]) -> Callable[[], "asyncio.Future[bool]"]:
    def check() -> "asyncio.Future[bool]":
        return asyncio.ensure_future(_value(condition()))

    return check


async def _value(value: bool) -> bool:
    return value
