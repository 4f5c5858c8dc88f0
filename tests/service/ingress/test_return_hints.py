"""A browser that comes back by GET sends a hint, behind the answer and within the throttle."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx2
import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from starlette.types import Message, Receive, Scope, Send

from adapters.intake.queue import create_queue
from adapters.intake.return_hints import RedisReturnHints
from domain.limits.throttle import Rate
from domain.model import verification_id
from service.ingress.main import create_app
from service.ingress.return_hints import ThrottledReturnHints
from tests.adapters.intake.test_return_hints import GRACE
from tests.service.conftest import FakeIntake, ingress_context
from tests.support.http.asgi import FORM, send, signed
from tests.support.http.return_hints import NotedReturnHints, throttled_hints
from tests.support.payloads.callbacks import dump
from tests.support.storage.stores import biz_id, payload

ID = verification_id("demo", biz_id())


def browser(return_hints: ThrottledReturnHints, *, address: str = "192.0.2.1") -> httpx2.AsyncClient:
    app = create_app(ingress_context(FakeIntake(), return_hints=return_hints))
    transport = httpx2.ASGITransport(app, client=(address, 50000))
    return httpx2.AsyncClient(transport=transport, base_url="http://ingress")


async def come_back(client: httpx2.AsyncClient, n: int = 1, *, app_id: str = "demo") -> int:
    return (await client.get(f"/callbacks/{app_id}/return?biz_id={biz_id(n)}")).status_code


@pytest.fixture
def noted() -> NotedReturnHints:
    return NotedReturnHints()


async def test_a_bare_return_sends_a_hint(noted: NotedReturnHints) -> None:
    client = browser(throttled_hints(noted))
    assert await come_back(client) == 200
    assert noted.noted == [ID]


async def test_nothing_else_does(noted: NotedReturnHints) -> None:
    client = browser(throttled_hints(noted))
    url = f"/callbacks/demo/return?biz_id={biz_id()}"
    await client.head(url)
    await client.post(url, content=signed(dump(payload())), headers={"content-type": FORM})
    await client.post(url, content=signed(dump(payload()), secret=b"x"), headers={"content-type": FORM})
    await client.get("/callbacks/demo/return?biz_id=short")
    await come_back(client, app_id="nobody")
    assert noted.noted == []


async def test_over_the_rate_the_answer_is_the_same_and_the_hint_dropped(noted: NotedReturnHints) -> None:
    client = browser(throttled_hints(noted, each=Rate(1, 3)))
    answers = {(await client.get(f"/callbacks/demo/return?biz_id={biz_id(n)}")).text for n in range(10)}
    assert len(answers) == 1
    assert noted.noted == [verification_id("demo", biz_id(n)) for n in range(3)]


async def test_each_address_has_a_separate_rate(noted: NotedReturnHints) -> None:
    return_hints = throttled_hints(noted, each=Rate(1, 2))
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        client = browser(return_hints, address=address)
        for n in range(4):
            await come_back(client, n)
    assert len(noted.noted) == 6, "one IPv6 site is one caller"


async def test_the_hint_is_sent_after_the_answer() -> None:
    order: list[str] = []

    class Watched(NotedReturnHints):
        def note_return(self, verification_id: UUID) -> None:
            order.append("hint")

    app = create_app(ingress_context(FakeIntake(), return_hints=throttled_hints(Watched())))

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            order.append(message["type"])
            await send(message)

        await app(scope, receive, noting)

    reply = await send(watched, "/callbacks/demo/return", method="GET", query=f"biz_id={biz_id()}")
    assert reply.status == 200
    assert order == ["http.response.start", "http.response.body", "hint"]


@pytest.fixture
async def redis_hints(redis_pool: BlockingConnectionPool) -> AsyncIterator[RedisReturnHints]:
    return_hints = RedisReturnHints(create_queue(redis_pool), grace=GRACE)
    yield return_hints
    await return_hints.aclose()


async def test_ten_thousand_strangers_leave_a_bounded_trace(
    redis_hints: RedisReturnHints, redis: Redis
) -> None:
    return_hints = throttled_hints(redis_hints, together=Rate(20, 200))
    client = browser(return_hints)
    answers = set()
    for _ in range(10_000):
        answer = await client.get(f"/callbacks/demo/return?biz_id=1700000000,{uuid4()}")
        answers.add((answer.status_code, answer.content, str(answer.headers)))
    await redis_hints.aclose()
    assert len(answers) == 1
    assert 0 < len(await redis.keys("*")) <= 201, "a job each, and the queue"
