"""However many wait or ask for much, a lookup of somebody else passes them."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from devstack.waiting import until
from domain.limits.quotas import Cost, quotas
from domain.views.tokens import ApiToken
from service.api.access.entrance import Entrance
from service.api.access.fair_slots import FairSlots
from service.api.access.tries import Tries
from service.api.access.turns import Turns
from service.api.main import create_app
from tests.support.http.api import RealApi, door_of
from tests.support.http.asgi import SILENCE, send
from tests.support.storage.stores import Store, biz_id

URL = f"/v1/verifications/{biz_id()}"


async def test_slots_go_to_each_key_in_turn() -> None:
    slots, order = FairSlots(1), []
    await slots.acquire("first")

    async def work(key: str) -> None:
        await slots.acquire(key)
        order.append(key)
        slots.release()

    async with asyncio.TaskGroup() as tasks:
        for key in ("a", "a", "a", "b", "b", "c"):
            tasks.create_task(work(key))
        await asyncio.sleep(0)
        slots.release()
    assert order == ["a", "b", "c", "a", "b", "a"]


@pytest.mark.parametrize("given", [True, False], ids=["with its slot", "before it"])
async def test_a_cancelled_waiter_keeps_no_slot(given: bool) -> None:
    slots = FairSlots(1)
    await slots.acquire("first")
    waiting = asyncio.create_task(slots.acquire("a"))
    await asyncio.sleep(0)
    if given:
        slots.release()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not given:
        slots.release()
    await asyncio.wait_for(slots.acquire("b"), 1)


async def begin_order(urls: list[tuple[str, str]]) -> list[str]:
    """The order in which these requests begin, each a query and who asks."""
    order: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        order.append(scope["state"])

    entrance = Entrance(app, tries=Tries())

    def request(query: str, address: str) -> Scope:
        scope = {"type": "http", "headers": [], "query_string": query.encode(), "client": (address, 1)}
        return scope | {"state": query or address}

    async def unused(*_given: object) -> None:
        raise AssertionError

    await asyncio.gather(*(entrance(request(*each), unused, unused) for each in urls))  # type: ignore[arg-type]
    return order


async def test_a_waiting_request_starts_after_a_lookup_of_the_same_caller() -> None:
    waits = [("wait=30", "192.0.2.1")] * 200
    order = await begin_order([*waits, ("", "192.0.2.1")])
    assert order.index("192.0.2.1") <= 3


async def test_a_crowd_from_one_address_begins_one_by_one_between_others() -> None:
    crowd = [("", "192.0.2.1")] * 200
    order = await begin_order([*crowd, ("", "192.0.2.2")])
    assert order.index("192.0.2.2") <= 3


async def test_begun_waits_are_few_and_a_lookup_passes_them(
    api_context: RealApi, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.record()
    checking: set[str] = set()
    check = api_context.tokens.check

    async def held(token: str) -> ApiToken | None:
        if token.startswith("wait"):
            checking.add(token)
            await asyncio.Event().wait()
        return await check(token)

    context = replace(api_context, door=door_of(api_context.tokens))
    monkeypatch.setattr(context.tokens, "check", held)
    await context.tokens.put("all", "all-token")
    transport = httpx2.ASGITransport(create_app(context))
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as api:

        async def ask(token: str, query: str = "") -> int:
            answer = await api.get(f"{URL}{query}", headers={"authorization": f"Bearer {token}"})
            return answer.status_code

        waits = [asyncio.create_task(ask(f"wait-{n}", "?wait=30")) for n in range(300)]
        assert await asyncio.wait_for(ask("all-token"), 10) == 200
        assert len(checking) <= 1, "the others have not begun"
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def test_a_slow_body_does_not_delay_other_tokens(api_context: RealApi) -> None:
    context = replace(api_context, door=door_of(api_context.tokens))
    app = create_app(context)
    for name in ("slow-1", "slow-2", "slow-3", "all"):
        await context.tokens.put(name, name)

    def request(token: str) -> "asyncio.Task[object]":
        headers = {
            "authorization": f"Bearer {token}",
            "content-length": "9",
            "content-type": "application/json",
        }
        return asyncio.create_task(send(app, "/v1/dead-letters/retry", [b"[", SILENCE], headers=headers))

    slow = [request(f"slow-{n}") for n in (1, 2, 3) for _ in range(4)]

    async def held() -> bool:
        return sum(share.open for share in context.door.turns._shares.values()) == len(slow)

    await until(held)
    lookup = send(app, URL, method="GET", headers={"authorization": "Bearer all"})
    assert (await asyncio.wait_for(lookup, 5)).status == 404
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.parametrize("cost", [Cost.LOOKUP, Cost.LIST])
async def test_one_token_leaves_a_slot_to_others(cost: Cost) -> None:
    turns = Turns(quotas(per_second=1000))

    async def work(stack: AsyncExitStack, key: str) -> None:
        turn = await stack.enter_async_context(turns.enter(key, cost, caller=key))
        await turn.work()

    async with AsyncExitStack() as stack:
        crowd = [asyncio.create_task(work(stack, "a")) for _ in range(20)]
        await until(_settled)
        await asyncio.wait_for(work(stack, "b"), 1)
        for each in crowd:
            each.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)


async def _settled() -> bool:
    """Every task that can go on has."""
    for _ in range(20):
        await asyncio.sleep(0)
    return True
